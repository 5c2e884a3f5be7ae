/** A command as a shell completes it. */
export interface Completable {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly CompletableFlag[];
  /** What its operands can be. */
  readonly operands: readonly string[];
}

export interface CompletableFlag {
  readonly name: string;
  readonly description: string;
  /** What follows the flag as the next word. */
  readonly takes: 'nothing' | 'file' | 'text';
  /** What that can be, or what can follow `=`. Names only, which no shell reads as anything else. */
  readonly choices: readonly string[];
}

const head = (shell: string): string => `# ${shell} completion, made by \`kfp-images completions ${shell}\`.`;

/** https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html */
export function bashScript(commands: readonly Completable[]): string {
  const valueCases = commands.flatMap(({ name, flags }) =>
    flags.flatMap((flag) => {
      const words = flag.choices.join(' ');
      if (flag.takes === 'file') return [`    '${name} --${flag.name}') compopt -o default; return ;;`];
      if (words !== '') return [`    '${name} --${flag.name}') values='${words}' ;;`];
      return flag.takes === 'text' ? [`    '${name} --${flag.name}') return ;;`] : [];
    }),
  );
  // The next word after a flag that takes none is another flag; only `--flag=` is followed by one of its choices.
  const optional = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ takes, choices }) => takes === 'nothing' && choices.length > 0)
      .map((flag) => `${name} --${flag.name}`),
  );
  const wordCases = commands.map(
    ({ name, flags, operands }) =>
      `    ${name}) values='${[...operands, ...flags.map((flag) => `--${flag.name}`)].join(' ')}' ;;`,
  );
  return `${head('bash')}
_kfp_images() {
  local current=\${COMP_WORDS[COMP_CWORD]} flag=\${COMP_WORDS[COMP_CWORD - 1]} command='' values='' assigned='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  if [[ $current == '=' ]]; then current='' assigned=yes
  elif [[ $flag == '=' ]]; then flag=\${COMP_WORDS[COMP_CWORD - 2]} assigned=yes; fi
  case "$command $flag" in
${optional.length === 0 ? '' : `    ${optional.map((each) => `'${each}'`).join('|')}) [[ $assigned ]] || flag='' ;;\n`}  esac
  case "$command $flag" in
${valueCases.join('\n')}
  esac
  if [[ ! $values ]]; then case $command in
    '') values='${[...commands.map(({ name }) => name), 'help', '--debug', '--help', '--version'].join(' ')}' ;;
${wordCases.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}
complete -F _kfp_images kfp-images
`;
}

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html#index-_005farguments */
export function zshScript(commands: readonly Completable[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const plain = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');
  const spec = ({ name, description, takes, choices }: CompletableFlag): string => {
    const value = choices.length > 0 ? `(${choices.join(' ')})` : takes === 'file' ? '_files' : ' ';
    const assign = takes === 'nothing' ? (choices.length > 0 ? '=-' : '') : '=';
    const given = takes === 'nothing' && choices.length === 0 ? '' : `:${takes === 'nothing' ? ':' : ''}value:${value}`;
    return quote(`*--${name}${assign}[${plain(description)}]${given}`);
  };
  const cases = commands.map(({ name, flags, operands }) => {
    const specs = [...flags.map(spec), ...(operands.length === 0 ? [] : [quote(`*:name:(${operands.join(' ')})`)])];
    return `    ${name}) _arguments ${specs.join(' \\\n      ')} ;;`;
  });
  return `#compdef kfp-images
${head('zsh')}
_kfp-images() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quote(`${name}:${plain(description)}`)}`).join('\n')}
  )
  _arguments -C '--debug[also print debug output]' '--help[display help]' '--version[output the version number]' \\
    '1:command:->command' '*::argument:->arguments'
  case $state in
    command) _describe -t commands command commands ;;
    arguments) case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
if [[ $funcstack[1] == _kfp-images ]]; then _kfp-images "$@"; else compdef _kfp-images kfp-images; fi
`;
}

/** https://fishshell.com/docs/current/cmds/complete.html */
export function fishScript(commands: readonly Completable[]): string {
  const quote = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const flagLine = (command: string, { name, description, takes, choices }: CompletableFlag): string => {
    const values = choices.length > 0 ? ` --arguments ${quote(choices.join(' '))}` : '';
    // Choices of an option that requires none are offered after `=` only.
    const argument =
      takes === 'nothing' ? '' : takes === 'file' ? ' --require-parameter --force-files' : ' --exclusive';
    return `complete --command kfp-images --condition '__fish_seen_subcommand_from ${command}' --long-option ${name}${argument}${values} --description ${quote(description)}`;
  };
  const lines = commands.flatMap(({ name, description, flags, operands }) => [
    `complete --command kfp-images --condition __fish_use_subcommand --arguments ${name} --description ${quote(description)}`,
    ...(operands.length === 0
      ? []
      : [
          `complete --command kfp-images --condition '__fish_seen_subcommand_from ${name}' --arguments ${quote(operands.join(' '))}`,
        ]),
    ...flags.map((flag) => flagLine(name, flag)),
  ]);
  return `${head('fish')}
complete --command kfp-images --no-files
${lines.join('\n')}
`;
}
