import { DeployError } from '../errors';
import { pathSteps } from '../system/fieldPath';
import { expandTemplate } from '../system/template';
import { applyChange } from './apply';
import type { Change, ResourceTarget } from './changes';
import { isMap, keyOf, titleOf, valueAt } from './customResource';
import type { Installation } from './installation';
import type { Kubectl } from './kubectl';
import type { Deployment } from './objects';
import type { Target } from './targets';

/* What is decided and asked before custom resources are written. */

/** Custom resources that are to be written, each with all of its fields. */
export function resourceTargets(targets: readonly Target[]): readonly ResourceTarget[] {
  const found = new Map<string, ResourceTarget>();
  for (const { written } of targets) {
    if (written === undefined) continue;
    const key = keyOf(written.by);
    found.set(key, { resource: written.by, fields: { ...found.get(key)?.fields, ...written.fields } });
  }
  return [...found.values()];
}

/** A value that is not text is not an image's name, and a path of the catalog that leads there is wrong. Throws DeployError. */
export function requireTexts({ resource, fields }: ResourceTarget): void {
  for (const path of Object.keys(fields)) {
    const steps = pathSteps(path);
    const above = steps.slice(0, -1).map((_, index) => valueAt(resource.content, steps.slice(0, index + 1)));
    const value = valueAt(resource.content, steps);
    const isFit =
      (value === undefined || typeof value === 'string') && above.every((each) => each === undefined || isMap(each));
    if (isFit) continue;
    throw new DeployError(
      `${path} of ${titleOf(keyOf(resource))} is not text, so it can't name an image. Correct the catalog ` +
        `(operators.${resource.operator.name}.images). Nothing was changed.`,
    );
  }
}

/** A Deployment that an operator makes is not patched, even where this user may not read what it is made from. Throws DeployError. */
export function refuseUnread(touched: readonly Deployment[], { unread }: Installation): void {
  for (const { metadata } of touched) {
    for (const { apiVersion, kind, name } of metadata.ownerReferences) {
      const operator = unread.find((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`));
      if (operator === undefined) continue;
      throw new DeployError(
        `${metadata.name} is made from ${kind}/${name}, which the user of this context may not read. Ask for a Role with get, list and patch ` +
          `of it. Nothing was changed.`,
      );
    }
  }
}

/** A webhook that can't be asked without effect is asked by the change itself. */
export async function tryOut(kubectl: Kubectl, change: Change): Promise<void> {
  try {
    await applyChange(kubectl, change, 'server');
  } catch (thrown) {
    if (!(thrown instanceof DeployError)) throw thrown;
    if (!/does not support dry run/.test(thrown.message))
      throw new DeployError(`${thrown.message}\nNothing was changed.`);
  }
}

/** The service accounts of runs that operators make. */
export function runAccountsOf({ resources }: Installation): readonly string[] {
  return resources.flatMap(({ operator, metadata }) =>
    operator.runAccount === undefined ? [] : [expandTemplate(operator.runAccount, { name: metadata.name })],
  );
}
