import { styleText } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** Colours for a terminal, or none. Text must be safe already. */
export type Paint = Readonly<Record<Style, (text: string) => string>>;

const paintWith = (paint: (style: Style, text: string) => string): Paint => ({
  red: (text) => paint('red', text),
  green: (text) => paint('green', text),
  yellow: (text) => paint('yellow', text),
  cyan: (text) => paint('cyan', text),
  bold: (text) => paint('bold', text),
  dim: (text) => paint('dim', text),
});

export const noPaint: Paint = paintWith((_style, text) => text);

/** Whether there are colours is decided below, once, for the place that text goes to. */
const colours: Paint = paintWith((style, text) => styleText(style, text, { validateStream: false }));

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
