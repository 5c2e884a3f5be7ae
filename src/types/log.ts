import type { SourcePosition } from './build';

/** Where words for people go. On GitHub warnings and errors become annotations; text is escaped by the implementation. */
export interface Log {
  debug(line: string): void;
  info(line: string): void;
  warning(text: string, at?: SourcePosition): void;
  error(text: string, at?: SourcePosition): void;
}
