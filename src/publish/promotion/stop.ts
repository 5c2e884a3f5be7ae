import type { Placed } from './evidence';

/** `latest` may not be moved by this run: it stands aside of our commit, or nobody knows how the two relate. */
export class Refused extends Error {
  readonly at: Placed;
  /** Repository whose `latest` it is about. */
  readonly repository: string;

  constructor(repository: string, at: Placed) {
    super(`${repository}:latest is not to be moved.`);
    this.repository = repository;
    this.at = at;
  }
}

/** The run is to end: nothing further is tagged. */
export class Stopped extends Error {}

/** A put failed, and what is right has changed since. */
export class LookAgain extends Error {}
