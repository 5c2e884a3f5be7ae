/*
 * What programs read of the build context, as far as their arguments say. Of a program that no list names it is assumed that it
 * reads everything that was copied; so a program is listed here only when its manual says that it doesn't.
 */

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** Their arguments are not files, or files whose content does not matter. */
export const silent = words(
  'addgroup adduser alias break continue declare echo exit export false getent groupadd hash ' +
    'id kill ldconfig let local mkdir popd printenv printf pwd read readonly return rmdir set shift shopt sleep ' +
    'true type typeset ulimit umask uname unset useradd usermod wait which whoami :',
);

/** They read no file, but those that are named must be there. */
export const touchers = words('chgrp chmod chown touch');

/** They read what their arguments name, and nothing else. */
export const plain = words(
  'awk base64 basename bunzip2 bzcat bzip2 cat cmp comm cp cut date diff dirname egrep envsubst fgrep find grep gunzip gzip head ' +
    'hostname install jq lbzip2 ln ls lz4 lzma md5sum mv nl od paste pbzip2 pigz pixz readlink realpath rev sed sha1sum sha256sum ' +
    'sha512sum sort split stat strip tac tail tar tee tr truncate uniq unlzma unpigz unxz unzip unzstd upx wc xz xzcat yq zcat zip zstd zstdmt',
);

/** Those of them whose first operand is what they do, and no file, unless an option is. */
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

/** Options of words that are before a command, without and with a value. */
const optionsOf: Readonly<Record<string, readonly [plain: RegExp, withValue: RegExp]>> = {
  command: [/^-p$/, /^$/],
  env: [/^(-i?|--ignore-environment|--unset=.*)$/, /^(-u|--unset)$/],
  exec: [/^-[cl]+$/, /^-a$/],
  nice: [/^(-\d+|--adjustment=.*)$/, /^-n$/],
  sudo: [/^-[EHnS]+$/, /^-[ug]$/],
  time: [/^-p$/, /^$/],
};

/** How many of the words behind such a word are its options. */
export function optionsBefore(program: string, following: readonly { readonly raw: string }[]): number {
  const [plain, withValue] = optionsOf[program] ?? [];
  let count = 0;
  for (let word = following[0]?.raw ?? ''; word !== ''; word = following[count]?.raw ?? '') {
    if (plain?.test(word) === true) count += 1;
    else if (withValue?.test(word) === true) count += 2;
    else break;
  }
  return count;
}

/** They give variables values. */
export const assigners = words('declare export local readonly typeset');

/** What they say comes from their arguments or from the network. */
export const speakers = words('curl echo printf wget');

/** What git does without a file of the build context: its own folder is not in there. */
export const gitSilent = words('describe log rev-list rev-parse show status tag version');

/** What git does with files that its arguments name: `git config --file FILE`, `git init --template=FOLDER`, `git clone FOLDER`. */
export const gitFiles = words('clone config fetch init ls-remote remote');

/** `go` subcommands that read modules and nothing else. */
export const goModuleOnly = words('bug clean env help telemetry version');

/** `go` subcommands that read packages. */
export const goPackages = words('build install list vet');

/** Flags of `go build` and its relatives whose value is the next word: https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies */
export const goValueFlags = words(
  'asmflags buildmode C compiler covermode coverpkg f gccgoflags gcflags installsuffix ldflags mod modfile o overlay p pgo ' +
    'pkgdir tags toolexec vettool',
);
