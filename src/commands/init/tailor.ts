import type { Catalog } from '../../types';

/** The names that a menu and a Makefile offer. */
type Names = Pick<Catalog, 'images' | 'groups'>;

/** The workflow's text with the catalog's images in its menu. */
export function withMenu(workflow: string, { images, groups }: Names): string {
  const names = [...groups.keys()].filter((name) => name !== 'backend-all');
  const options = [...names, ...images.keys(), 'all', 'listed below'];
  return workflow
    .replace(/( {8}default: )driver-launcher\n/, `$1${options[0] ?? 'all'}\n`)
    .replace(/( {8}options:\n)(?: {10}- .*\n)+/, `$1${options.map((name) => `          - ${name}\n`).join('')}`);
}

/** The Makefile's text with a target for each of the catalog's images and groups, and none for others. */
export function withTargets(makefile: string, { images, groups }: Names): string {
  const wanted = new Set([...groups.keys(), ...images.keys()]);
  const offered = new Set<string>();
  // A target is its line, and the one below it that calls kfp_images_trigger or kfp_images_deploy with a name.
  const kept = makefile.replace(
    /^[a-z_]+:[^\n]*\n\t\$\(call kfp_images_(trigger|deploy),([a-z-]+)\)\n\n?/gm,
    (target, kind: string, name: string) => {
      if (kind === 'trigger') offered.add(name);
      return name === 'all' || wanted.has(name) ? target : '';
    },
  );
  const more = [...wanted].filter((name) => !offered.has(name) && name !== 'backend-all');
  const targets = more.map((name) => {
    const target = `build_${name.replace(/[^a-z0-9]+/g, '_')}`;
    return `.PHONY: ${target}\n${target}: ## ${name}\n\t$(call kfp_images_trigger,${name})\n\n`;
  });
  return kept.replace('plan_images:', () => `${targets.join('')}plan_images:`);
}
