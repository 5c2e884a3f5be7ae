/**
 * The circles of a graph, each as the names along it with the first again at the end (`a, b, a`); one for every edge that closes one in a
 * depth-first walk. No recursion: a chain of a hundred thousand names must not exhaust the stack.
 */
export function findCircles(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: (readonly string[])[] = [];
  const done = new Set<string>();
  for (const root of edges.keys()) {
    if (done.has(root)) continue;
    const trail = new Map<string, Iterator<string>>([[root, iterate(edges, root)]]);
    const names = [root];
    for (let top = names.at(-1); top !== undefined; top = names.at(-1)) {
      const next = trail.get(top)?.next();
      if (next === undefined || next.done === true) {
        trail.delete(top);
        done.add(top);
        names.pop();
      } else if (trail.has(next.value)) {
        circles.push([...names.slice(names.indexOf(next.value)), next.value]);
      } else if (!done.has(next.value)) {
        trail.set(next.value, iterate(edges, next.value));
        names.push(next.value);
      }
    }
  }
  return circles;
}

function iterate(edges: ReadonlyMap<string, readonly string[]>, name: string): Iterator<string> {
  return (edges.get(name) ?? [])[Symbol.iterator]();
}
