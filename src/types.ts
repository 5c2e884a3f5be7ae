/**
 * What flows between the stages: event → keywords → catalog → plan → build → publish → report.
 * Everything is readonly; a stage that decides gives new data, it never changes what it was handed.
 */

export type * from './types/inputs';
export type * from './types/event';
export type * from './types/catalog';
export type * from './types/plan';
export type * from './types/build';
export type * from './types/registry';
export type * from './types/publication';
export type * from './types/log';
