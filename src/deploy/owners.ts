import { keyOf, titleOf, type Live } from './customResource';

/** Who keeps a Deployment or custom resource as it is, and will write it again. */
export interface Owner {
  /** `Flux (Kustomization apps/kfp)`. */
  readonly who: string;
  /** What becomes of a deploy, as the end of a sentence about it. */
  readonly will: string;
  /** Is the owner's own source the better place for the images? */
  readonly hasSource: boolean;
}

const atSync = 'writes back what its repository says at its next sync, at once where it heals by itself';
const atInterval = 'writes back what its repository says at its next interval, often within minutes';
const atApply = 'takes image and variables back together when its manifest is applied again';

/**
 * Everybody who says of one that it is theirs. Pure.
 * Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ ; Flux: https://fluxcd.io/flux/components/kustomize/kustomizations/
 * (labels of applied objects); Helm: https://helm.sh/docs/chart_best_practices/labels/ ; controllers:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ ; those who apply: `metadata.managedFields`.
 */
export function ownersOf({ metadata }: Pick<Live, 'metadata'>): readonly Owner[] {
  const { annotations, labels, ownerReferences, managedFields } = metadata;
  const managers = new Set(
    managedFields.filter(({ subresource }) => subresource === undefined).map(({ manager }) => manager),
  );
  const found: Owner[] = [];
  const add = (who: string, will: string, hasSource = true): void => {
    found.push({ who, will, hasSource });
  };

  const controller = ownerReferences.find((each) => each.controller) ?? ownerReferences[0];
  if (controller !== undefined)
    add(
      `the controller of ${controller.kind} ${controller.name}`,
      'writes it again whenever it looks at it: name the images there, or say in the catalog (operators) where it names them, and deploy writes there',
      false,
    );

  const tracking = annotations['argocd.argoproj.io/tracking-id'];
  const instance = labels['app.kubernetes.io/instance'];
  const application = tracking?.split(':')[0] ?? labels['argocd.argoproj.io/instance'];
  const isHelms = labels['app.kubernetes.io/managed-by'] === 'Helm';
  if (application !== undefined) add(`Argo CD (application ${application})`, atSync);
  else if ([...managers].some((each) => each.startsWith('argocd-')))
    add(`Argo CD${instance === undefined ? '' : ` (application ${instance})`}`, atSync);
  else if (instance !== undefined && !isHelms)
    add(`Argo CD (application ${instance}), where the label app.kubernetes.io/instance is its own`, atSync);

  const flux = (kind: string, group: string): string | undefined => {
    const name = labels[`${group}/name`];
    return name === undefined ? undefined : `Flux (${kind} ${labels[`${group}/namespace`] ?? ''}/${name})`;
  };
  const kustomization = flux('Kustomization', 'kustomize.toolkit.fluxcd.io');
  const helmRelease = flux('HelmRelease', 'helm.toolkit.fluxcd.io');
  for (const who of [kustomization, helmRelease]) if (who !== undefined) add(who, atInterval);
  if (kustomization === undefined && managers.has('kustomize-controller')) add('Flux (a Kustomization)', atInterval);

  const release = annotations['meta.helm.sh/release-name'];
  if (helmRelease === undefined && (release !== undefined || isHelms)) add(...helm(release, managers.has('helm')));

  if (found.length === 0) {
    const applying = managedFields.find(
      ({ operation, subresource }) => operation === 'Apply' && subresource === undefined,
    );
    if (applying !== undefined) add(`who applies it as ${applying.manager}`, atApply, false);
    else if (Object.hasOwn(annotations, lastApplied)) add('who runs kubectl apply', atApply, false);
  }
  return found;
}

/** What `kubectl apply` remembers of its last manifest. https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/ */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Helm 4 applies on the server and so knows what is handed over to it; Helm 3 compares manifests of its own. */
function helm(release: string | undefined, isApplied: boolean): readonly [string, string] {
  const name = release === undefined ? '' : ` (release ${release})`;
  const upgrade = 'writes the images of its values at the next helm upgrade';
  return isApplied
    ? [`Helm${name}`, upgrade]
    : [
        `Helm${name}`,
        `${upgrade}; a variable that its chart does not have stays then, so run kfp-images rollback before one`,
      ];
}

/** One sentence for each owner, with all that are its own: those to be warned of, and those worth a note. Pure. */
export function ownerWords(lives: readonly Live[]): {
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
} {
  const byOwner = new Map<string, { readonly owner: Owner; readonly names: string[] }>();
  for (const live of lives) {
    for (const owner of ownersOf(live)) {
      const entry = byOwner.get(owner.who) ?? { owner, names: [] };
      entry.names.push(titleOf(keyOf(live)));
      byOwner.set(owner.who, entry);
    }
  }
  const words = [...byOwner.values()].map(({ owner, names }) => ({
    isWarning: owner.will !== atApply,
    text:
      `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} kept by ${owner.who}, which ${owner.will}.` +
      (owner.hasSource ? ' `kfp-images gitops` changes what it reads instead.' : ''),
  }));
  return {
    warnings: words.filter(({ isWarning }) => isWarning).map(({ text }) => text),
    notes: words.filter(({ isWarning }) => !isWarning).map(({ text }) => text),
  };
}
