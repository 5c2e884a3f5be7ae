import type { Plan, PlannedImage } from '../types';

/** The contract's fields only, on one line, with at most `paths` changed paths per image: for the Action's output. */
export function compactPlanJson(plan: Plan, paths = Infinity): string {
  const { version, commit, keywords, images, order } = plan;
  const brief = images.map(({ name, requested, neededBy, key, action, reason, changed }) => {
    return { name, requested, neededBy, key, action, reason, changed: changed.slice(0, paths) };
  });
  return JSON.stringify({ version, commit, keywords, images: brief, order });
}

/**
 * The plan as the document that scripts read: `version`, `commit`, `keywords`, `images` and `order` in this order, and beside them what
 * people may want to know (`binds`, `dockerfile`, `notes`, `warnings`).
 */
export function planDocument(plan: Plan) {
  return {
    version: plan.version,
    commit: plan.commit,
    keywords: plan.keywords,
    images: plan.images.map(imageDocument),
    order: plan.order,
    warnings: plan.warnings,
  };
}

function imageDocument(image: PlannedImage) {
  return {
    name: image.name,
    requested: image.requested,
    neededBy: image.neededBy,
    key: image.key,
    action: image.action,
    reason: image.reason,
    changed: image.changed,
    binds: image.binds,
    dockerfile: image.dockerfile,
    notes: image.notes,
  };
}
