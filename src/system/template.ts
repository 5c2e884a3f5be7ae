/** One `{{name}}` of a template; blanks inside the braces don't matter. */
const placeholder = /\{\{([^{}]*)\}\}/g;

/** The names of a template's placeholders, each once, trimmed: `commit-{{ sha }}` gives `sha`. Anything may be there. */
export function placeholders(template: string): readonly string[] {
  return [...new Set(Array.from(template.matchAll(placeholder), (match) => (match[1] ?? '').trim()))];
}

/** Does it hold `{{` or `}}` that is not part of a placeholder? */
export function hasStrayBraces(template: string): boolean {
  return /\{\{|\}\}/.test(template.replace(placeholder, ''));
}

/**
 * The template with each placeholder replaced by its value. A placeholder without a value throws: templates are checked against the
 * names that are known where they enter (inputs, catalog), so this would be a mistake of ours.
 */
export function expandTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(placeholder, (_, inside: string) => {
    const name = inside.trim();
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`the template ${template} has no value for ${name}`);
    return value;
  });
}
