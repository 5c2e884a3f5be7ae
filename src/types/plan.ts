/** The content key of one image and every line that went into it. */
export interface ContentKey {
  /** 64 hex digits. */
  readonly key: string;
  /**
   * The canonical encoding: its version, then what went in, sorted; `sha256(lines.join('\n') + '\n')` is the key.
   * Described in src/plan/keyLines.ts.
   */
  readonly lines: readonly string[];
  /** The lines that one `whole-context` line stands for, shared by all images of that context; empty without one. */
  readonly contextLines: readonly string[];
  /**
   * Base images whose digest nobody could tell. With any of them the key must never be taken as a sign that an image
   * is current: what they point to may have moved.
   */
  readonly unresolvedBases: readonly string[];
  /** Where a construct could not be decided and more became an input than is needed: for people. */
  readonly notes: readonly string[];
}

export interface PlannedImage {
  readonly name: string;
  /** Named by a keyword or a list, not only brought along. */
  readonly requested: boolean;
  /** Images of this plan that bind this one. */
  readonly neededBy: readonly string[];
  readonly key: string;
  readonly action: 'build' | 'reuse';
  readonly reason: string;
  /** Inputs that differ from what is compared with; empty when nothing is. */
  readonly changed: readonly string[];
  /** Environment variable → image, as in the catalog. */
  readonly binds: Readonly<Record<string, string>>;
  /** Images of this plan that it is built on. */
  readonly builtOn?: readonly string[];
  readonly dockerfile: string;
  readonly notes: readonly string[];
}

export interface Plan {
  readonly version: 1;
  /** 40 hex digits. */
  readonly commit: string;
  readonly keywords: readonly string[];
  readonly images: readonly PlannedImage[];
  /** Waves: an image comes after everything it binds. */
  readonly order: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}
