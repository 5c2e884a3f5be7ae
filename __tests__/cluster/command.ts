// One command as a process of its own: argument 1 names it, 2 are its flags as commander parses them (JSON), the rest its operands.
import { explain, type Flags } from '../../src/commands/commandLine';

async function main(): Promise<number> {
  const [name = '', flags = '{}', ...operands] = process.argv.slice(2);
  const parsed = JSON.parse(flags) as Flags;
  switch (name) {
    case 'deploy':
      return (await import('../../src/commands/deployCommand')).deployCommand(parsed, operands);
    case 'rollback':
      return (await import('../../src/commands/rollbackCommand')).rollbackCommand(parsed);
    case 'status':
      return (await import('../../src/commands/statusCommand')).statusCommand(parsed);
    case 'pull-secret':
      return (await import('../../src/commands/pullSecretCommand')).pullSecretCommand(parsed);
    case 'gitops':
      return (await import('../../src/commands/gitopsCommand')).gitopsCommand(parsed);
    default:
      throw new Error(`no command ${name}`);
  }
}

void main()
  .catch(explain)
  .then((exitCode) => {
    process.exitCode = exitCode;
  });
