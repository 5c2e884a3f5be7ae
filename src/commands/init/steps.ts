import { quoted } from '../../system/quoted';
import { paths, type Decision } from './decide';
import { isInstalled } from './seal';
import type { Surroundings } from './surroundings';

/** What the steps follow from. */
interface StepsQuestion extends Decision {
  readonly around: Surroundings;
}

/** What is left for the user after `init`, in the order in which it works: what is committed is complete before it is pushed. Pure. */
export function stepsLeft({ files, toInclude, around }: StepsQuestion): readonly string[] {
  const { present, catalog } = around;
  const written = files.filter(({ text }) => text !== undefined).map(({ path }) => path);
  const kept = files
    .filter(({ action }) => action === 'kept')
    .map(({ path }) => {
      if (path === paths.workflow && !isInstalled(present.get(path) ?? ''))
        return `${path} is another workflow than that of kfp-images, and stays: nothing of kfp-images runs until --force replaces it (git keeps the old one)`;
      return `${path} was changed and stays as it is; --force replaces it`;
    });
  const installsWorkflow = written.includes(paths.workflow);
  return [
    ...(toInclude === undefined ? [] : [`Add to the end of ${toInclude}: include ${paths.included}`]),
    ...(catalog.kind === 'proposal' ? aboutProposal(catalog.proposal.images.length, written) : []),
    ...(installsWorkflow ? aboutWorkflow(around) : []),
    ...kept,
    ...(written.length === 0
      ? []
      : [commitAndPush(toInclude === undefined ? written : [...written, toInclude], around.sparse)]),
  ];
}

function aboutProposal(images: number, written: readonly string[]): readonly string[] {
  if (images === 0)
    return [`No Dockerfile of an image was found. Name yours in ${paths.catalog}; ${paths.example} shows how`];
  if (!written.includes(paths.catalog)) return [];
  return [
    `Look through ${paths.catalog}, made of the Dockerfiles found here, then: kfp-images plan --images all --catalog ${paths.catalog} (without --catalog once it is committed)`,
  ];
}

/** https://docs.github.com/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows */
function aboutWorkflow({ fork, otherWorkflows }: Surroundings): readonly string[] {
  // In a clone of a fork `gh` may take the repository that was forked for the one that is meant.
  const where = fork === undefined ? '' : ` --repo ${fork.owner}/${fork.name}`;
  const page =
    fork === undefined ? 'the tab Actions of your fork' : `${fork.serverUrl}/${fork.owner}/${fork.name}/actions`;
  const some = otherWorkflows.slice(0, 3).map((name) => (/^[\w.-]+$/.test(name) ? name : quoted(name)));
  const more = otherWorkflows.length > some.length ? ', …' : '';
  const also =
    otherWorkflows.length === 0
      ? ''
      : `. That also starts the ${otherWorkflows.length} other workflows that are here (${some.join(', ')}${more}) at your next push; ` +
        `switch off those that you don't want: gh workflow disable FILE${where}`;
  return [
    `Say where images go: gh variable set GCP_ARTIFACT_REGISTRY_PATH${where} --body LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`,
    `Store the key that may write there: gh secret set GCP_SA_KEY${where} < key.json (or none, by workload identity: kfp-images setup-gcp --print)`,
    `In a new fork Actions are off; switch them on: ${page}${also}`,
  ];
}

function commitAndPush(files: readonly string[], sparse: boolean): string {
  return `Commit and push: git add ${sparse ? '--sparse ' : ''}${files.join(' ')} && git commit -m "Build images with kfp-images" && git push`;
}
