import { UsageError } from '../../errors';
import { kfpCatalog } from '../../catalog/kfp';
import { actionInputs } from '../../event/inputs';
import { quoted } from '../../system/quoted';
import { defineCommand, type Command } from '../command';
import { flagText } from '../inputFlags';
import { bashScript, fishScript, zshScript, type Completable, type CompletableFlag } from './scripts';

const shells = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `all`: gives the definitions of every command, which are what is completed. */
export const completionsCommand = (all: () => Promise<readonly Command[]>): Command =>
  defineCommand({
    name: 'completions',
    description: 'Print the script that makes a shell complete commands, flags and their values.',
    operands: { value: '<shell>', description: 'bash, zsh or fish', choices: Object.keys(shells) },
    inputs: [],
    flags: {},
    json: 'print the commands with their flags as one JSON document on standard output',
    examples: [
      'completions bash > ~/.local/share/bash-completion/completions/kfp-images',
      'completions zsh > ~/.zfunc/_kfp-images  # with fpath+=(~/.zfunc) before compinit in ~/.zshrc',
      'completions fish > ~/.config/fish/completions/kfp-images.fish',
    ],
    async run({ operands: [shell = ''] }) {
      const script = Object.entries(shells).find(([name]) => name === shell)?.[1];
      if (script === undefined)
        throw new UsageError(`completions ${quoted(shell)}: give one of ${Object.keys(shells).join(', ')}.`);
      const commands = (await all()).map(completable);
      return { document: { commands }, text: script(commands) };
    },
  });

/** Of the built-in catalog: a shell that completes does not read the repository. */
const imageNames = [...kfpCatalog.images.keys(), ...kfpCatalog.groups.keys(), 'all'];

/** A command as a shell completes it: the flags of its inputs, its own, and those that every command has. */
function completable({ name, description, inputs, flags, json, operands }: Command): Completable {
  const own = Object.entries(flags).map(([flag, { kind, value = '', description: text }]): CompletableFlag => {
    const isPath = /<(?:file|path)/.test(value);
    const mayStandAlone = kind === 'switch' || kind === 'optional' || kind === 'optional-list';
    const choices = flag === 'images' ? imageNames : kind === 'optional' ? value.slice(1, -1).split('|') : [];
    return { name: flag, description: text, takes: mayStandAlone ? 'nothing' : isPath ? 'file' : 'text', choices };
  });
  const ofInputs = actionInputs
    .filter((input) => inputs.includes(input.name))
    .map((input): CompletableFlag => {
      const listed = 'choices' in input ? input.choices : input.kind === 'boolean' ? ['true', 'false'] : [];
      const choices = input.name === 'images' ? imageNames : listed;
      const isPath = input.kind === 'secret' || input.name === 'catalog' || input.name === 'working-directory';
      const takes = input.kind === 'boolean' ? 'nothing' : isPath ? 'file' : 'text';
      return { name: input.name, description: flagText(input, inputs.includes('push')), takes, choices };
    });
  const common = [
    { name: 'json', description: json ?? 'print one JSON document on standard output' },
    { name: 'debug', description: 'also print debug output' },
    { name: 'help', description: 'display help for command' },
  ].map((each): CompletableFlag => ({ ...each, takes: 'nothing', choices: [] }));
  return { name, description, flags: [...ofInputs, ...own, ...common], operands: operands?.choices ?? [] };
}
