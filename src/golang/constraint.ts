/** Yes, no, or not to be known here: then both ways count. */
export type Ternary = true | false | undefined;

/** A build constraint: https://pkg.go.dev/cmd/go#hdr-Build_constraints */
export type Constraint =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'not'; readonly of: Constraint }
  | { readonly kind: 'and' | 'or'; readonly left: Constraint; readonly right: Constraint };

/** Does a constraint hold, given what is known of each tag? */
export function evaluate(constraint: Constraint, tag: (name: string) => Ternary): Ternary {
  switch (constraint.kind) {
    case 'tag':
      return tag(constraint.tag);
    case 'not': {
      const inner = evaluate(constraint.of, tag);
      return inner === undefined ? undefined : !inner;
    }
    case 'and':
    case 'or': {
      const left = evaluate(constraint.left, tag);
      const right = evaluate(constraint.right, tag);
      const decisive = constraint.kind === 'or';
      if (left === decisive || right === decisive) return decisive;
      return left === undefined || right === undefined ? undefined : !decisive;
    }
  }
}

/** Characters. Longer is not a constraint that anybody wrote, and would nest too deep. */
const maximumLength = 1000;

/** The expression of a `//go:build` line; undefined: it can't be read. */
export function parseGoBuild(expression: string): Constraint | undefined {
  if (expression.length > maximumLength) return undefined;
  const tokens = expression.match(/&&|\|\||[!()]|[^\s!()&|]+|[&|]/g) ?? [];
  let at = 0;
  const chain = (
    operator: '||' | '&&',
    kind: 'or' | 'and',
    next: () => Constraint | undefined,
  ): Constraint | undefined => {
    let left = next();
    while (left !== undefined && tokens[at] === operator) {
      at += 1;
      const right = next();
      left = right === undefined ? undefined : { kind, left, right };
    }
    return left;
  };
  const or = (): Constraint | undefined => chain('||', 'or', () => chain('&&', 'and', not));
  const not = (): Constraint | undefined => {
    const token = tokens[at];
    at += 1;
    if (token === '!') {
      const of = not();
      return of === undefined ? undefined : { kind: 'not', of };
    }
    if (token === '(') {
      const inner = or();
      at += 1;
      return tokens[at - 1] === ')' ? inner : undefined;
    }
    return token !== undefined && isTag(token) ? { kind: 'tag', tag: token } : undefined;
  };
  const whole = or();
  return at === tokens.length ? whole : undefined;
}

/** The older `// +build` lines: lines are joined by and, blanks by or, commas by and. Undefined: none can be read. */
export function parsePlusBuild(lines: readonly string[]): Constraint | undefined {
  const join = (kind: 'and' | 'or', parts: readonly (Constraint | undefined)[]): Constraint | undefined =>
    parts.reduce(
      (left, right) => (left === undefined ? right : right === undefined ? left : { kind, left, right }),
      undefined,
    );
  if (lines.join('\n').length > maximumLength) return undefined;
  return join(
    'and',
    lines.map((line) =>
      join(
        'or',
        line
          .trim()
          .split(/\s+/)
          .map((option) => join('and', option.split(',').map(plusTerm))),
      ),
    ),
  );
}

function plusTerm(term: string): Constraint | undefined {
  const tag = term.startsWith('!') ? term.slice(1) : term;
  if (!isTag(tag)) return undefined;
  return term.startsWith('!') ? { kind: 'not', of: { kind: 'tag', tag } } : { kind: 'tag', tag };
}

function isTag(text: string): boolean {
  return /^[\p{L}\p{N}_.]+$/u.test(text);
}
