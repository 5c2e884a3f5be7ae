/**
 * A reader that has gone (`| head -1`) has what it wanted; that a disk is full is said and fails the command. Neither is a mistake of ours
 * with a stack trace. Once, before anything is printed.
 */
export function surviveOutput(stdout: NodeJS.WriteStream = process.stdout): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(
      `error: Standard output can't be written (${error.code ?? error.message}). Is the disk full?\n`,
    );
    process.exitCode = 1;
  });
  process.stderr.on('error', () => undefined);
}
