/*
 * What programs read of the build context, as far as their arguments say. Of a program that no list names it is assumed that it
 * reads everything that was copied; so a program is listed here only when its manual says that it doesn't.
 */

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** Their arguments are not files, or files whose content does not matter. */
export const silent = words(
  'addgroup adduser alias break chgrp chmod chown continue declare echo exit export false getent groupadd hash ' +
    'id kill ldconfig let local mkdir popd printenv printf pwd read readonly return rmdir set shift sleep touch ' +
    'true type typeset ulimit umask uname unset update-ca-certificates useradd usermod wait which whoami :',
);

/** They read what their arguments name, and nothing else. */
export const plain = words(
  'awk base64 basename bunzip2 bzip2 cat cmp comm cp cut date diff dirname egrep envsubst fgrep find grep gunzip gzip head ' +
    'hostname install jq ln ls md5sum mv nl od paste readlink realpath rev sed sha1sum sha256sum sha512sum sort split stat strip tac tail tar ' +
    'tee tr truncate uniq unxz unzip upx wc xz yq zcat zip zstd',
);

/** Those of them whose first operand is what they do, and no file. */
export const filters = words('awk egrep fgrep grep jq sed tr yq');

/** They change, move or replace files. */
export const writers = words('cp install ln mv sed tee truncate');

/** They install packages by name, or packages that are files. */
export const packageManagers = words('apk apt apt-get dnf dpkg microdnf rpm yum');

/** They load something; files are sent or read only where an option says so. */
export const loaders = words('curl wget');

/** `[ -f x ]`: a file's existence decides. */
export const tests = words('[ [[ test');

/** Programs that run a script which an argument names, or is. */
export const shells = words('. ash bash dash eval ksh sh source zsh');

/** Words that are before a command, not for one. */
export const before = words(
  '! { } case command do done elif else env esac exec fi for if in nice nohup select sudo then time until while',
);

/** What git does without a file of the build context: its own folder is not in there. */
export const gitSilent = words('clone describe fetch log ls-remote remote rev-list rev-parse show status tag version');

/** What git does with files that its arguments name: `git config --file FILE`, `git init --template=FOLDER`. */
export const gitFiles = words('config init');

/** `go` subcommands that read modules and nothing else. */
export const goModuleOnly = words('bug clean doc env help telemetry version');

/** `go` subcommands that read packages. */
export const goPackages = words('build install list vet');

/** Flags of `go build` and its relatives whose value is the next word: https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies */
export const goValueFlags = words(
  'asmflags buildmode C compiler covermode coverpkg f gccgoflags gcflags installsuffix ldflags mod modfile o overlay p pgo ' +
    'pkgdir tags toolexec vettool',
);
