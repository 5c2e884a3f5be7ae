import type { Result } from './figures';
import type { Options } from './options';
import type { Setting } from './setting';
import type { Progress } from './turns';

/** One question of the bench. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  run(setting: Setting, options: Options, progress: Progress): Promise<Omit<Result, 'workload' | 'title'>>;
}
