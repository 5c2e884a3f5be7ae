/** Programs whose arguments are no files of the build context, or not such that their content matters. */
export const inert: ReadonlySet<string> = new Set(
  (
    'adduser addgroup apk apt apt-get chgrp chmod chown command curl date dnf dpkg echo exit export false getent git ' +
    'groupadd gunzip hash hostname id kill ldconfig local microdnf mkdir printenv printf readonly return rm rmdir ' +
    'rpm set shift sleep strip test touch trap true ulimit umask uname unset update-ca-certificates upx useradd ' +
    'usermod wait wget which whoami yum [ [[ :'
  ).split(' '),
);

/** Programs that find what they read by themselves: a build file, a project file, a script in another language. */
export const opaque: ReadonlySet<string> = new Set(
  (
    'ant bazel bazelisk buf buildah bun bundle cargo cmake composer deno docker earthly gem gmake goreleaser gradle ' +
    'gradlew java just ko mage make meson mvn mvnw ninja node npm npx perl php pip pip3 pnpm poetry python python2 ' +
    'python3 rake ruby sbt task tilt tox tsc uv yarn'
  ).split(' '),
);

/** Words that stand before a command, not for one. */
export const before: ReadonlySet<string> = new Set(
  '! { } do done elif else env esac exec fi if nice nohup sudo then time until while xargs'.split(' '),
);

/** `go` subcommands that read modules and nothing else. */
export const goModuleOnly: ReadonlySet<string> = new Set(
  'bug clean doc env get help telemetry version work'.split(' '),
);

/** Flags of `go build` and its relatives whose value is the next word: https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies */
export const goValueFlags: ReadonlySet<string> = new Set(
  (
    'asmflags buildmode C compiler covermode coverpkg f gccgoflags gcflags installsuffix ldflags mod modfile o ' +
    'overlay p pgo pkgdir tags toolexec'
  ).split(' '),
);
