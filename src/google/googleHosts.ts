import { findNearest } from '../system/nearest';

/**
 * Multi-regions and regions of Artifact Registry, for "did you mean" only: a new region must work without a new release of ours.
 * Source: https://cloud.google.com/artifact-registry/docs/repositories/repo-locations
 */
const locations: readonly string[] = [
  'us europe asia',
  'africa-south1',
  'asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 asia-south2',
  'asia-southeast1 asia-southeast2 asia-southeast3 australia-southeast1 australia-southeast2',
  'europe-central2 europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west2 europe-west3 europe-west4',
  'europe-west6 europe-west8 europe-west9 europe-west10 europe-west12 me-central1 me-central2 me-west1',
  'northamerica-northeast1 northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1',
  'us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west2 us-west3 us-west4 us-west8',
].flatMap((line) => line.split(' '));

/** Hosts of the former Container Registry and where their repositories are today: https://cloud.google.com/artifact-registry/docs/transition/setup-gcr-repo */
const gcrLocations: ReadonlyMap<string, string> = new Map([
  ['gcr.io', 'us'],
  ['us.gcr.io', 'us'],
  ['eu.gcr.io', 'europe'],
  ['asia.gcr.io', 'asia'],
]);

/** Does this host take Google credentials? `host` may carry a port, which no host of Google's does. */
export function isGoogleHost(host: string): boolean {
  return host.endsWith('.pkg.dev') || host === 'gcr.io' || host.endsWith('.gcr.io');
}

/** Artifact Registry location of a `gcr.io` host; undefined: not one of the four. */
export function gcrLocation(host: string): string | undefined {
  return gcrLocations.get(host);
}

/** What the name of a `*.pkg.dev` host says. */
type PkgDevHost =
  | {
      readonly kind: 'docker';
      readonly location: string;
      /** Set when the location is none that we know: what was probably meant, or undefined when nothing is near. */
      readonly unknown?: { readonly suggestion: string | undefined };
    }
  /** Not a host that Docker images can be pushed to. */
  | { readonly kind: 'wrong'; readonly why: string; readonly suggestion: string | undefined };

/**
 * Reads `LOCATION-docker.pkg.dev` (or the regional endpoint `docker.LOCATION.rep.pkg.dev`).
 * Locations are accepted by their pattern; only what can't be one is wrong.
 */
export function readPkgDevHost(host: string): PkgDevHost {
  const docker = /^(.+)-docker\.pkg\.dev$/.exec(host) ?? /^docker\.(.+)\.rep\.pkg\.dev$/.exec(host);
  const location = docker?.[1];
  if (location !== undefined) {
    if (locations.includes(location)) return { kind: 'docker', location };
    const suggestion = nearestLocation(location);
    if (/^[a-z]+-[a-z]+[0-9]{1,2}$/.test(location)) return { kind: 'docker', location, unknown: { suggestion } };
    const why = `"${location}" is not a location of Artifact Registry`;
    return { kind: 'wrong', why, suggestion: suggestion === undefined ? undefined : dockerHost(suggestion) };
  }
  const other = /^(.+)-(maven|npm|python|apt|yum|go|generic|kfp)\.pkg\.dev$/.exec(host);
  if (other?.[1] !== undefined) {
    const why = `"${host}" is a host for ${other[2] ?? 'other'} packages, not for Docker images`;
    return { kind: 'wrong', why, suggestion: dockerHost(other[1]) };
  }
  const bare = nearestLocation(host.slice(0, -'.pkg.dev'.length));
  const why = `"${host}" is not a host of Artifact Registry: they read LOCATION-docker.pkg.dev`;
  return { kind: 'wrong', why, suggestion: bare === undefined ? undefined : dockerHost(bare) };
}

const dockerHost = (location: string): string => `${location}-docker.pkg.dev`;

/** The known location that is probably meant. */
function nearestLocation(text: string): string | undefined {
  return text === 'eu' ? 'europe' : findNearest(text, locations);
}
