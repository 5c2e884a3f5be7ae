/** What the Action gives back. action.yml and the README's table come from here. */
export const actionOutputs = [
  { name: 'keywords', description: 'JSON array of the keywords found' },
  { name: 'plan', description: 'The plan, JSON' },
  { name: 'images', description: 'JSON object, name to REPOSITORY@sha256:…' },
  { name: 'built', description: 'JSON array of the names of the images that were built' },
  { name: 'reused', description: 'JSON array of the names of the images that were reused' },
  {
    name: 'matrix',
    description: 'Shards for strategy.matrix, JSON; set by a dry-run with fan-out. Empty when a single run is enough',
  },
  { name: 'lock-file', description: 'Path of the lock file written' },
  {
    name: 'attestations',
    description:
      'JSON object, name (set: the set) to what is attached to it: provenance, signature and sbom, REPOSITORY@sha256:…',
  },
] as const;
