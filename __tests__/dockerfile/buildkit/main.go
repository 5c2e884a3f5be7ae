// Says which paths of the build context BuildKit's own Dockerfile frontend takes. Reads a JSON array of cases from standard
// input and writes a JSON array of answers, in the same order.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type question struct {
	Text      string            `json:"text"`
	Target    string            `json:"target"`
	BuildArgs map[string]string `json:"buildArgs"`
}

type answer struct {
	// Why BuildKit refuses the Dockerfile.
	Error string `json:"error,omitempty"`
	// Sources of COPY, ADD and mounts as the build gets them; patterns of --parents are joined to theirs.
	Sources []string `json:"sources"`
}

// images stands for a registry in which every image exists and has an empty configuration.
type images struct{}

func (images) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["` + digest.FromString("x").String() + `"]}}`)
	return ref, "", config, nil
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	answers := make([]answer, 0, len(questions))
	for _, q := range questions {
		sources, err := ask(q)
		if err != nil {
			answers = append(answers, answer{Error: err.Error(), Sources: []string{}})
		} else {
			answers = append(answers, answer{Sources: sources})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func ask(q question) (sources []string, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("panic: %v", thrown)
		}
	}()
	ctx := context.Background()
	main := llb.Local("context")
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	state, _, _, _, err := dockerfile2llb.Dockerfile2LLB(ctx, []byte(q.Text), dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			Target:         q.Target,
			BuildArgs:      q.BuildArgs,
			BuildPlatforms: []ocispecs.Platform{platform},
		},
		MainContext:    &main,
		TargetPlatform: &platform,
		MetaResolver:   images{},
	})
	if err != nil {
		return nil, err
	}
	definition, err := state.Marshal(ctx, llb.LinuxAmd64)
	if err != nil {
		return nil, err
	}
	return contextSources(definition)
}

// contextSources looks through the operations of a build for those that read the local source "context".
func contextSources(definition *llb.Definition) ([]string, error) {
	found := map[string]bool{}
	local := map[string]bool{}
	operations := make([]*pb.Op, 0, len(definition.Def))
	for _, bytes := range definition.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(bytes); err != nil {
			return nil, err
		}
		operations = append(operations, op)
		if source := op.GetSource(); source != nil && strings.HasPrefix(source.Identifier, "local://context") {
			local[digest.FromBytes(bytes).String()] = true
		}
	}
	for _, op := range operations {
		isContext := func(input int64) bool {
			return input >= 0 && int(input) < len(op.Inputs) && local[op.Inputs[input].Digest]
		}
		if file := op.GetFile(); file != nil {
			for _, action := range file.Actions {
				// An input beyond the operation's own is the result of an earlier action.
				if copied := action.GetCopy(); copied != nil && isContext(action.SecondaryInput) {
					for _, path := range withPatterns(copied.Src, copied.IncludePatterns) {
						found[path] = true
					}
				}
			}
		}
		if exec := op.GetExec(); exec != nil {
			for _, mount := range exec.Mounts {
				if isContext(mount.Input) {
					found["/"+strings.TrimPrefix(mount.Selector, "/")] = true
				}
			}
		}
	}
	sources := make([]string, 0, len(found))
	for source := range found {
		sources = append(sources, source)
	}
	sort.Strings(sources)
	return sources, nil
}

func withPatterns(source string, patterns []string) []string {
	if len(patterns) == 0 {
		return []string{source}
	}
	joined := make([]string, 0, len(patterns))
	for _, pattern := range patterns {
		joined = append(joined, strings.TrimSuffix(source, "/")+"/"+pattern)
	}
	return joined
}
