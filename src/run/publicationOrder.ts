import { imageRepository } from '../publish/reference';
import { toTag } from '../publish/names';
import type { FinishedImage, PublicationOrder } from '../publish/publishSet';
import { expandTemplate } from '../system/template';
import type { Access } from './access';
import type { Work } from './context';
import { orderOf } from './latest';
import type { Product } from './produce';
import { templateValues } from './templateValues';

/** What is to be published of a run, and under which names. `product`: undefined in a dry run, which has no digests yet. */
export function publicationOrder(work: Work, access: Access, product: Product | undefined): PublicationOrder {
  const { request, source, decision } = work;
  const { inputs, event } = request;
  const { commit } = decision.plan;
  const branch = event.branch ?? source.branch;
  const order = orderOf(request, source);
  const images = decision.plan.images.map(({ name, key }): FinishedImage => {
    const image = source.catalog.images.get(name);
    const finished = product?.images.get(name);
    return {
      name,
      repository: imageRepository(access.path, image?.repository ?? name),
      key,
      unbound: finished?.unbound,
      digest: finished?.digest,
      ...(finished?.seconds === undefined ? {} : { seconds: finished.seconds }),
    };
  });
  return {
    registryPath: access.path.full,
    commit,
    created: templateValues(work).date,
    images,
    tags: inputs.tags.map((template) =>
      expandTemplate(template, { ...templateValues(work), branch: toTag(branch ?? 'detached') }),
    ),
    binds: new Map([...source.catalog.images].map(([name, image]) => [name, [...new Set(Object.values(image.bind))]])),
    moveLatest: order.move,
    override: order.move && order.override,
  };
}
