import { findNearest } from '../../system/nearest';
import { explainPushFailure } from '../hints/explain';
import type { GoogleContext } from '../hints/context';
import { allowMovingTagsCommand, createRepositoryCommand, grantWriterCommand } from '../hints/gcloud';
import type { Hint } from '../hints/hint';
import type { GoogleRegistryPath } from '../registryPath';
import { apiCodes, wordsOf, type ApiError } from './apiError';
import { download, tagRights, upload, type Evidence, type RepositoryFacts } from './evidence';

/** What was found before the first build. */
export interface Preflight {
  /** With any of them a push can't go well. */
  readonly errors: readonly Hint[];
  /** What may go wrong, or could not be looked at. */
  readonly warnings: readonly Hint[];
  readonly repository: 'there' | 'missing' | 'unknown';
  /** undefined: not known. */
  readonly mayUpload: boolean | undefined;
  readonly immutableTags: boolean | undefined;
  readonly isScanning: boolean | undefined;
}

/** What the run is going to do. */
export interface Intent {
  /** Who pushes; undefined: not known. */
  readonly account?: string | undefined;
  /** Is a tag to be moved that may exist (`latest`)? Not possible where tags are immutable. */
  readonly moveLatest?: boolean;
}

interface Found {
  readonly errors: Hint[];
  readonly warnings: Hint[];
}

/** What the evidence means for a push. A decision only. Where Google would not let us look, the push may work: that is a warning. */
export function decidePreflight(path: GoogleRegistryPath, evidence: Evidence, intent: Intent): Preflight {
  const context: GoogleContext = { path, account: intent.account };
  const found: Found = { errors: [], warnings: [] };
  const { repository, permissions } = evidence;
  const held = permissions.kind === 'value' ? permissions.value : undefined;
  const facts = repository.kind === 'value' ? repository.value : undefined;
  if (facts !== undefined) checkRepository(context, facts, intent, found);
  if (repository.kind === 'refused') explainRefusal(context, repository.error, evidence, found);
  if (repository.kind === 'late') found.warnings.push(unheard(context));
  const isMissing = repository.kind === 'refused' && repository.error.code === apiCodes.notFound;
  if (held !== undefined && !isMissing && found.errors.length === 0) checkRights(context, held, intent, found);
  if (facts !== undefined && permissions.kind !== 'value') found.warnings.push(unheard(context));
  return {
    ...found,
    repository: facts !== undefined ? 'there' : isMissing ? 'missing' : 'unknown',
    mayUpload: held === undefined || isMissing ? undefined : held.includes(upload),
    immutableTags: facts?.immutableTags,
    isScanning: facts?.isScanning,
  };
}

function checkRepository(context: GoogleContext, facts: RepositoryFacts, intent: Intent, found: Found): void {
  const { path } = context;
  const other = { ...path, repository: `${path.repository}-images` };
  const wrong = (why: string): Hint => ({
    kind: 'repository-kind',
    cause: `The repository ${path.repository} in ${path.location} ${why}, so no image can be pushed to it. Take another one.`,
    fix: [createRepositoryCommand(other)],
  });
  if (facts.format !== 'DOCKER') found.errors.push(wrong(`holds ${facts.format} packages, not Docker images`));
  else if (facts.mode === 'VIRTUAL_REPOSITORY') found.errors.push(wrong('is a virtual one, a view of others'));
  else if (facts.mode === 'REMOTE_REPOSITORY') found.errors.push(wrong('is a remote one, a cache of another registry'));
  if (!facts.immutableTags) return;
  const hint: Hint = {
    kind: 'tag-immutable',
    cause: `The repository ${path.repository} has immutable tags: latest, once it is there, can't be moved, and neither can any other tag.`,
    fix: ["Set the input latest: never and keep tags: 'commit-{{sha}}'", allowMovingTagsCommand(path)],
  };
  (intent.moveLatest === true ? found.errors : found.warnings).push(hint);
}

function explainRefusal(context: GoogleContext, error: ApiError, evidence: Evidence, found: Found): void {
  const { path } = context;
  const words = explainPushFailure(wordsOf(error), context);
  if (error.code === apiCodes.notFound && words?.kind !== 'project-missing') {
    const { cause, fix } = known('repository-missing', 'NAME_UNKNOWN', context);
    const near = findNearest(path.repository, evidence.neighbours);
    const meant = near === undefined ? '' : ` Did you mean ${near}?`;
    const hint: Hint = { kind: 'repository-missing', cause: `${cause}${meant}`, fix };
    // Those of the former Container Registry are made by a push that may.
    (path.kind === 'gcr' ? found.warnings : found.errors).push(hint);
    return;
  }
  if (words !== undefined && certain.has(words.kind)) {
    (isAboutAnother(context, error) ? found.warnings : found.errors).push(words);
    return;
  }
  if (error.code === apiCodes.unauthenticated) {
    found.errors.push(words ?? known('login-refused', 'UNAUTHENTICATED', context));
    return;
  }
  if (error.code === apiCodes.invalidArgument) {
    found.errors.push(known('location-unknown', 'invalid location', context, `Google says: ${error.text}.`));
    return;
  }
  const said = error.text === '' ? '' : error.isForeign ? ` ${error.text}.` : ` Google says: ${error.text}`;
  const isHeld = evidence.permissions.kind === 'value';
  // What is held is judged by itself; a refusal to look at the rest stops nothing.
  const may = isHeld ? 'may not be looked at' : 'could not be looked at, nor what may be done there';
  found.warnings.push({
    kind: words?.kind ?? 'registry-unavailable',
    cause: `The repository ${path.repository} ${may}; pushing may work all the same.${said}`,
    fix: words?.fix ?? [],
  });
}

/** Refusals after which a push can't go well either. */
const certain: ReadonlySet<Hint['kind']> = new Set([
  'api-disabled',
  'billing-disabled',
  'vpc-service-controls',
  'project-missing',
  'impersonation-denied',
  'key-unreadable',
  'key-refused',
  'location-unknown',
]);

/** The API is looked up in the caller's own project, which may be another than the one pushed to. */
function isAboutAnother({ path, account }: GoogleContext, { consumer }: ApiError): boolean {
  const project = consumer?.replace(/^projects\//, '');
  if (project === undefined || project === path.project) return false;
  const own = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(account ?? '')?.[1];
  // A number can be that of the very project: it is, where the account is of that project.
  return !/^[0-9]+$/.test(project) || (own !== undefined && own !== path.project);
}

function checkRights(context: GoogleContext, held: readonly string[], intent: Intent, found: Found): void {
  if (!held.includes(upload)) found.errors.push(known('upload-denied', upload, context));
  else if (!held.includes(download)) found.errors.push(known('download-denied', download, context));
  else {
    const missing = tagRights.filter((right) => !held.includes(right));
    if (missing.length === 0) return;
    const cause = `${context.account ?? 'The account'} may upload, but lacks ${missing.join(' and ')}.`;
    const hint: Hint = { kind: 'tag-denied', cause, fix: [grantWriterCommand(context.path, context.account)] };
    (intent.moveLatest === true ? found.errors : found.warnings).push(hint);
  }
}

/** The hint for words that are known to have one. */
function known(kind: Hint['kind'], words: string, context: GoogleContext, more = ''): Hint {
  const hint = explainPushFailure(words, context);
  return { kind, cause: [hint?.cause ?? '', more].filter((part) => part !== '').join(' '), fix: hint?.fix ?? [] };
}

function unheard({ path }: GoogleContext): Hint {
  return {
    kind: 'registry-unavailable',
    cause: `Artifact Registry did not answer in time about ${path.repository} and what may be done there; the build goes on without knowing.`,
    fix: [],
  };
}
