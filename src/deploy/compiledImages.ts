import * as v from 'valibot';
import { isSameImage } from './reference';

/** Driver and launcher by name: those of a set, or those that a compiled Workflow names. */
export interface RunImages {
  readonly driver: readonly string[];
  readonly launcher: readonly string[];
}

const container = v.object({ name: v.optional(v.string(), ''), image: v.optional(v.string(), '') });

const workflowSpec = v.object({
  templates: v.optional(
    v.array(
      v.object({
        name: v.optional(v.string(), ''),
        container: v.optional(container),
        initContainers: v.optional(v.array(container), []),
      }),
    ),
    [],
  ),
});

/** A Workflow, or its spec alone, as an object or as its JSON. */
const compiled = v.union([v.object({ spec: workflowSpec }), workflowSpec]);

/**
 * Which driver and launcher a compiled Workflow names; none: it can't be read. The driver runs the templates `system-container-driver` and
 * `system-dag-driver`, the launcher is the init container `kfp-launcher` of each step and runs the importer
 * (https://github.com/kubeflow/pipelines/blob/2.17.0/backend/src/v2/compiler/argocompiler/container.go, importer.go, dag.go).
 */
export function compiledImages(workflow: unknown): RunImages {
  const parsed = v.safeParse(compiled, typeof workflow === 'string' ? readJson(workflow) : workflow);
  if (!parsed.success) return { driver: [], launcher: [] };
  const { templates } = 'spec' in parsed.output ? parsed.output.spec : parsed.output;
  const driver = templates.filter(({ name }) => /^system-.*driver$/.test(name)).map((each) => each.container?.image);
  const importer = templates.filter(({ name }) => name === 'system-importer').map((each) => each.container?.image);
  const init = templates.flatMap(({ initContainers }) => initContainers);
  const launcher = init.filter(({ name }) => name === 'kfp-launcher').map(({ image }) => image);
  return { driver: unique(driver), launcher: unique([...importer, ...launcher]) };
}

/** What a Workflow names that is not the set's; none: it would run with the set. */
export function otherImages(workflow: RunImages, set: RunImages): readonly string[] {
  const isOther = (image: string, wanted: readonly string[]): boolean =>
    wanted.length > 0 && !wanted.some((each) => isSameImage(each, image));
  return [
    ...workflow.driver.filter((image) => isOther(image, set.driver)),
    ...workflow.launcher.filter((image) => isOther(image, set.launcher)),
  ];
}

function unique(images: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(images.flatMap((image) => (image === undefined || image === '' ? [] : [image])))];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
