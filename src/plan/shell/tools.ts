/** Programs whose arguments are no files of the build context, or not such that their content matters. */
export const inert: ReadonlySet<string> = new Set(
  (
    'adduser addgroup alias apk apt apt-get break chgrp chmod chown command continue curl date declare dnf dpkg echo ' +
    'exit false getent git groupadd gunzip hash hostname id kill ldconfig let local microdnf mkdir popd printenv ' +
    'printf pwd read readonly return rm rmdir rpm set shift sleep strip test touch trap true type typeset ulimit ' +
    'umask uname unset update-ca-certificates upx useradd usermod wait wget which whoami yum [ [[ :'
  ).split(' '),
);

/** Programs that read what their arguments name, and nothing else. */
export const plain: ReadonlySet<string> = new Set(
  (
    'awk base64 basename bzip2 cat cmp comm cp cut diff dirname egrep envsubst fgrep find grep gzip head install jq ' +
    'ln ls md5sum mv nl od paste patch readlink realpath rev sed sha1sum sha256sum sha512sum sort split stat tac ' +
    'tail tar tee tr truncate uniq unxz unzip wc xz yq zcat zip zstd'
  ).split(' '),
);

/** Those of them whose first operand is what they do, and no file. */
export const filters: ReadonlySet<string> = new Set('awk egrep fgrep grep jq sed tr yq'.split(' '));

/** Those of them that read the current folder when no argument names another. */
export const readsFolder: ReadonlySet<string> = new Set(['find', 'ls']);

/** Programs that run a script which an argument names, or is. */
export const shells: ReadonlySet<string> = new Set('. ash bash dash eval ksh sh source zsh'.split(' '));

/** Words that stand before a command, not for one. */
export const before: ReadonlySet<string> = new Set(
  '! { } case do done elif else env esac exec fi for if in nice nohup select sudo then time until while'.split(' '),
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
