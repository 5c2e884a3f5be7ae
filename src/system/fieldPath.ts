/** The keys of a path as people write it: `spec.apiServer.image`. As for Helm, `\.` is a dot within a key. */
export function pathSteps(path: string): readonly string[] {
  return path.split(/(?<!\\)\./).map((step) => step.replaceAll(String.raw`\.`, '.'));
}

/** The other way round: the text of a path. */
export function pathText(steps: readonly string[]): string {
  return steps.map((step) => step.replaceAll('.', String.raw`\.`)).join('.');
}
