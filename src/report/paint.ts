/** Colours for a terminal, or none. Text must be safe already. */
export interface Paint {
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

const code =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001b[${String(on)}m${text}\u001b[${String(off)}m`;
const same = (text: string): string => text;

export const noPaint: Paint = { red: same, green: same, yellow: same, cyan: same, bold: same, dim: same };

const colours: Paint = {
  red: code(31, 39),
  green: code(32, 39),
  yellow: code(33, 39),
  cyan: code(36, 39),
  bold: code(1, 22),
  dim: code(2, 22),
};

/** What is known of the place that text goes to. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
}

/** May the cursor be moved there? Only on a terminal that is not dumb; https://no-color.org asks for plain text. */
export function isInteractive(stream: Terminal, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && !plainWanted(env);
}

/** Colours for that place. */
export function paintFor(stream: Terminal, env: NodeJS.ProcessEnv): Paint {
  return isInteractive(stream, env) ? colours : noPaint;
}

function plainWanted(env: NodeJS.ProcessEnv): boolean {
  return (env['NO_COLOR'] ?? '') !== '';
}
