import type { LatestState, Publication, TagState } from '../types';
import { clip, markdownCode, markdownText } from './escape';
import { shortCommit, shortDigest } from './format';
import type { AttestedReport } from './runReport';

/**
 * What the registry holds after the run: the release set, where `latest` is, and when not all went well, image by image what is
 * published and what is not.
 */
export function publicationSection(publication: Publication, attested?: AttestedReport): string {
  const complete = publication.kind === 'published' || publication.kind === 'unchanged';
  const lines = [`- Release set: ${setLine(publication)}`, `- \`latest\`: ${latestLine(publication)}`];
  if (attested !== undefined) lines.push(`- Attestations: ${markdownText(clip(attestedWords(attested), 500))}`);
  if (publication.dropped.length > 0) {
    lines.push(`- Left the set, because they carry an image that was built again: ${names(publication.dropped)}`);
  }
  const notes = publication.notes.slice(0, 50).map((note) => `- ${markdownText(clip(note, 500))}`);
  const parts = ['### Release set', [...lines, ...notes].join('\n')];
  if (!complete) parts.push(stateTable(publication));
  return parts.join('\n\n');
}

/** `provenance of 8 images and the set; signed by the key …`: also what is missing. */
export function attestedWords({ signer, subjects }: AttestedReport): string {
  const all = [...subjects];
  const missing = (what: 'provenance' | 'signature'): readonly string[] =>
    all.filter(([, attached]) => attached[what] === undefined).map(([name]) => name);
  const words = (what: string, lacking: readonly string[]): string => {
    if (lacking.length === 0) return `${what}: all ${String(all.length - 1)} images and the set`;
    if (lacking.length === all.length) return `${what}: none`;
    return `${what}: all but ${lacking.slice(0, 20).join(', ')}`;
  };
  const described = all.filter(([, { sbom }]) => sbom !== undefined).length;
  const images = described === 0 ? '' : `; SBOM: ${String(described)} of ${String(all.length - 1)} images`;
  const provenance = `${words('provenance', missing('provenance'))}${images}`;
  return signer === undefined
    ? `${provenance}; not signed`
    : `${provenance}; ${words(`signed by ${signer}`, missing('signature'))}`;
}

function setLine({ set }: Publication): string {
  const reference = markdownCode(clip(`${set.repository}:${set.tag}`, 400));
  const digest = set.digest === undefined ? '' : ` ${markdownCode(shortDigest(clip(set.digest, 200)))}`;
  return `${reference}${digest}, ${TAG_WORDS[set.state]}`;
}

function latestLine({ latest }: Publication): string {
  const commit = latest.commit === undefined ? 'another commit' : `commit ${markdownCode(shortCommit(latest.commit))}`;
  switch (latest.kind) {
    case 'not-asked':
      return 'not asked to move';
    case 'not-reached':
      return 'not moved, the run ended before';
    case 'moved':
      return latest.isForced ? `moved to this commit (latest: always); it stood at ${commit}` : 'moved to this commit';
    case 'unchanged':
      return 'is at this commit already';
    case 'left':
      return `left where it is: ${commit} is newer`;
    case 'refused':
      return `not moved: it is at ${commit}, which is not an ancestor of this one`;
    case 'failed':
      return 'could not be moved';
    case 'stopped':
      return 'the run was stopped while it was being moved';
  }
}

const TAG_WORDS: Readonly<Record<TagState, string>> = {
  published: '✅ published',
  unchanged: '✅ was there already',
  missing: '❌ not published',
  unknown: '❔ not known, the registry did not answer any more',
};

function latestWords(latest: LatestState | undefined): string {
  switch (latest?.kind) {
    case undefined:
    case 'kept':
      return 'not touched';
    case 'moved':
      return '✅ moved';
    case 'unchanged':
      return '✅ named it already';
    case 'left':
      return "names another run's image";
    case 'restored':
      return 'put back to what it was';
    case 'stuck':
      return "❌ names this run's image, could not be put back";
    case 'broken':
      return '❌ names a part of a manifest';
    case 'unknown':
      return '❔ not known';
  }
}

function stateTable({ images }: Publication): string {
  const rows = images.slice(0, 400).map(({ name, tags, latest }) => {
    const states = tags.slice(0, 10).map(({ tag, state }) => `${markdownCode(clip(tag, 130))} ${TAG_WORDS[state]}`);
    return `| ${markdownCode(clip(name, 100))} | ${states.join('<br>') || '❌ not published'} | ${latestWords(latest)} |`;
  });
  return ['**What is in the registry**', '', '| Image | Tags | `latest` |', '| --- | --- | --- |', ...rows].join('\n');
}

function names(all: readonly string[]): string {
  return all
    .slice(0, 20)
    .map((name) => markdownCode(clip(name, 100)))
    .join(', ');
}
