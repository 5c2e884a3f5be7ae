import { version as own } from '../../package.json';

/** Of this package. */
export const version: string = own;
