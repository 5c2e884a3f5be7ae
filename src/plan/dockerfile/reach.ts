import { expand, type Lookup } from './expand';
import { findStage, type Stage } from './stages';
import { splitFlags } from './words';

/** `--mount=type=bind,source=…,target=…,from=…` of a RUN: https://docs.docker.com/reference/dockerfile/#run---mount */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly from: string | undefined;
}

/** The mounts of a RUN, unexpanded. */
export function readMounts(rest: string): readonly Mount[] {
  return splitFlags(rest)
    .flags.filter((flag) => flag.name === 'mount')
    .map((flag) => {
      const options = new Map<string, string>();
      for (const option of flag.value.replace(/^(["'])(.*)\1$/, '$2').split(',')) {
        const equals = option.indexOf('=');
        const name = (equals < 0 ? option : option.slice(0, equals)).toLowerCase();
        options.set(name, equals < 0 ? '' : option.slice(equals + 1));
      }
      return {
        type: options.get('type') ?? 'bind',
        source: options.get('source') ?? options.get('src') ?? '',
        target: options.get('target') ?? options.get('dst') ?? options.get('destination') ?? '',
        from: options.get('from'),
      };
    });
}

/** Where COPY --from or a mount reads: a stage, an image of another name, or something only the build knows. */
export type Origin =
  | { readonly kind: 'context' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'unknown'; readonly text: string };

/** Resolves the value of a `from`; only stages before this one can be meant. */
export function originOf(from: string | undefined, stages: readonly Stage[], before: number, lookup: Lookup): Origin {
  if (from === undefined) return { kind: 'context' };
  const name = expand(from, lookup);
  if (name === undefined || name === '') return { kind: 'unknown', text: from };
  const stage = findStage(stages.slice(0, before), name);
  if (stage !== undefined) return { kind: 'stage', index: stage.index };
  return name === 'scratch' ? { kind: 'stage', index: -1 } : { kind: 'image', reference: name };
}
