/*
 * The Action and the command as one bundle, so that what both use is in it once. script/bundle.mjs writes the files that call them.
 */

/** What `dist/main/index.js` calls. */
export const main = (): Promise<unknown> => import('./main');
/** What `dist/cli/index.js` calls. */
export const cli = (): Promise<unknown> => import('./cli');
