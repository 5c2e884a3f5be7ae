import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kfpCatalog } from '../src/catalog/kfp';
import { actionInputs, actionOutputs } from '../src/event/inputs';

type Yaml = Readonly<Record<string, unknown>>;

const read = (path: string): string => readFileSync(join(process.cwd(), path), 'utf8');
const map = (value: unknown): Yaml => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a map');
  return value as Yaml;
};
const at = (value: unknown, ...path: readonly string[]): unknown => path.reduce((inner, key) => map(inner)[key], value);
const jobsOf = (workflow: unknown): readonly (readonly [string, Yaml])[] =>
  Object.entries(map(at(workflow, 'jobs'))).map(([name, job]) => [name, map(job)]);
const stepsOf = (job: Yaml): readonly Yaml[] => (Array.isArray(job['steps']) ? job['steps'].map(map) : []);

const own = '.github/workflows/build-backend-images.yaml';
const template = 'templates/build-backend-images.yaml';
const nightly = 'templates/verify-images.yaml';
const files = [...readdirSync('.github/workflows').map((name) => `.github/workflows/${name}`), template, nightly];

describe.each(files)('%s', (file) => {
  const text = read(file);
  const workflow: unknown = parse(text);

  test('uses nothing but full commit ids with the version beside them, and what is in this repository', () => {
    const lines = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
    for (const line of lines) {
      const here = /uses: \$\/([\w./-]+)$/.exec(line)?.[1];
      if (here === undefined) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v[\dX]+\.[\dY]+\.[\dZ]+$/);
      else expect(existsSync(join(here, 'action.yml')), here).toBe(true);
    }
    const used = jobsOf(workflow)
      .flatMap(([, job]) => [job, ...stepsOf(job)])
      .filter((each) => 'uses' in each);
    expect(lines).toHaveLength(used.length);
  });

  test('runs programs of other repositories by full commit ids alone', () => {
    const named = [...text.matchAll(/\b(?:github:|git\+\w+:)[^\s#]+#?(\S*)/g)].map(([, revision]) => revision);
    for (const revision of named) expect(revision).toMatch(/^[0-9a-f]{40}$/);
    expect(named).toHaveLength(file === nightly ? 1 : 0);
  });

  test('gives no right that is not asked for, and says why it is', () => {
    expect(at(workflow, 'permissions')).toEqual({});
    for (const [name, job] of jobsOf(workflow)) {
      const rights = map(job['permissions']);
      expect(Object.keys(rights).length, name).toBeGreaterThan(0);
      for (const [right, value] of Object.entries(rights)) {
        expect(text).toMatch(new RegExp(`^      ${right}: ${String(value)} # \\w.+`, 'm'));
        if (value === 'write')
          expect([`${file} id-token`, '.github/workflows/release.yml contents']).toContain(`${file} ${right}`);
      }
    }
  });

  test('puts no expression into a script', () => {
    for (const [, job] of jobsOf(workflow)) {
      for (const step of stepsOf(job)) {
        if ('run' in step) expect(step['run']).not.toContain('${{');
      }
    }
  });

  test('never reads the text of a commit, a title or a branch into anything but an input of the Action', () => {
    expect(text).not.toMatch(/github\.(?:event\.(?:head_commit|commits|pull_request|issue|comment)|head_ref)/);
  });

  test('ends', () => {
    for (const [name, job] of jobsOf(workflow))
      if (!('uses' in job)) expect(job['timeout-minutes'], name).toBeDefined();
  });

  test('leaves no token behind in the clone', () => {
    const clones = jobsOf(workflow)
      .flatMap(([, job]) => stepsOf(job))
      .filter((step) => String(step['uses']).startsWith('actions/checkout@'));
    for (const step of clones) expect(at(step, 'with', 'persist-credentials')).toBe(false);
  });
});

describe('the workflow that builds', () => {
  const workflow: unknown = parse(read(own));
  const caller: unknown = parse(read(template));
  const action: unknown = parse(read('action.yml'));
  const step = (job: string, id: string): Yaml => {
    const found = stepsOf(map(at(workflow, 'jobs', job))).find((each) => each['id'] === id);
    return map(found);
  };

  test.each([
    ['this one', workflow],
    ['the one of a fork', caller],
  ])(
    '%s starts at every push to a branch, slashes or not, and never at a tag or a branch of a merge queue',
    (_name, each) => {
      expect(at(each, 'on', 'push')).toEqual({ branches: ['**', '!gh-readonly-queue/**'] });
    },
  );

  test('by hand one can choose every image and group of the built-in catalog', () => {
    const inputs = at(workflow, 'on', 'workflow_dispatch', 'inputs');
    for (const name of [...kfpCatalog.images.keys(), 'driver-launcher', 'all']) {
      expect(at(inputs, 'images', 'options')).toContain(name);
    }
    expect(at(caller, 'on', 'workflow_dispatch', 'inputs')).toEqual(inputs);
  });

  test('takes the two secrets of the contract, those of builds and for signing, and no others, and none is required', () => {
    const names = ['GCP_ARTIFACT_REGISTRY_PATH', 'GCP_SA_KEY', 'BUILD_SECRETS'];
    const secrets = map(at(workflow, 'on', 'workflow_call', 'secrets'));
    const signing = ['COSIGN_PRIVATE_KEY', 'COSIGN_PASSWORD'];
    expect(Object.keys(secrets)).toEqual([...names, ...signing]);
    for (const name of [...names, ...signing]) expect(at(secrets, name, 'required')).toBe(false);
    const used = (file: string): ReadonlySet<string | undefined> =>
      new Set([...read(file).matchAll(/secrets\.(\w+)/g)].map((found) => found[1]));
    expect(used(own)).toEqual(new Set([...names, ...signing]));
    expect(used(template)).toEqual(new Set(names));
    expect(Object.keys(map(at(caller, 'jobs', 'images', 'secrets')))).toEqual(names);
  });

  test('takes the registry path from a variable before a secret, and says to the summary which it was', () => {
    expect(at(step('build', 'build'), 'with', 'registry-path')).toBe(
      '${{ inputs.registry-path || vars.GCP_ARTIFACT_REGISTRY_PATH || secrets.GCP_ARTIFACT_REGISTRY_PATH }}',
    );
    expect(at(step('build', 'build'), 'env', 'KFP_IMAGES_REGISTRY_PATH_IS_SECRET')).toBe(
      '${{ !(inputs.registry-path || vars.GCP_ARTIFACT_REGISTRY_PATH) }}',
    );
    expect(at(caller, 'jobs', 'images', 'with', 'registry-path')).toBe('${{ vars.GCP_ARTIFACT_REGISTRY_PATH }}');
  });

  test('lets the lock file leave the runner', () => {
    const steps = stepsOf(map(at(workflow, 'jobs', 'build')));
    const keeps = steps.find((each) => String(each['uses']).startsWith('actions/upload-artifact@'));
    expect(at(keeps, 'with', 'path')).toBe('${{ steps.build.outputs.lock-file }}');
    expect(String(keeps?.['if'])).toContain("steps.build.outputs.lock-file != ''");
  });

  test('hands every input of the same name on to the Action, with its default', () => {
    const inputs = map(at(workflow, 'on', 'workflow_call', 'inputs'));
    const given = map(step('build', 'build')['with']);
    const shared = actionInputs.filter(({ name }) => name in inputs && name !== 'dry-run');
    expect(shared.length).toBeGreaterThan(8);
    const cut = map(step('shards', 'shards')['with']);
    for (const input of shared) {
      const isOfCut = ['fan-out', 'max-shards', 'runs-on'].includes(input.name);
      expect(String(at(inputs, input.name, 'default')), input.name).toBe(input.default);
      expect(String((isOfCut ? cut : given)[input.name]), input.name).toContain(`inputs.${input.name}`);
    }
    for (const name of Object.keys(given)) expect(map(at(action, 'inputs')), name).toHaveProperty(name);
  });

  test('the caller of a fork gives only inputs that there are', () => {
    const inputs = map(at(workflow, 'on', 'workflow_call', 'inputs'));
    for (const name of Object.keys(map(at(caller, 'jobs', 'images', 'with')))) expect(inputs).toHaveProperty(name);
    expect(at(caller, 'jobs', 'images', 'permissions')).toEqual(at(workflow, 'jobs', 'build', 'permissions'));
  });

  test('gives outputs that the Action has', () => {
    const outputs = Object.keys(map(at(workflow, 'on', 'workflow_call', 'outputs')));
    for (const name of outputs) expect(actionOutputs.map((output) => output.name)).toContain(name);
  });

  test('a push without keywords ends with the short job, which asks nobody and never pushes', () => {
    const steps = stepsOf(map(at(workflow, 'jobs', 'plan')));
    const first = step('plan', 'keywords');
    for (const name of ['registry-path', 'credentials-json', 'secrets']) expect(first['with']).not.toHaveProperty(name);
    const own = steps.filter(({ uses }) => String(uses).startsWith('$/'));
    for (const each of own) expect(at(each, 'with', 'dry-run')).toBe(true);
    for (const later of steps.slice(steps.indexOf(steps.find(({ id }) => id === 'keywords') ?? {}) + 1)) {
      expect(later['if']).toContain("steps.keywords.outputs.keywords != '[]'");
    }
    expect(at(workflow, 'jobs', 'shards', 'needs')).toBe('plan');
    for (const job of ['shards', 'build']) {
      expect(at(workflow, 'jobs', job, 'if')).toContain(`needs.plan.outputs.keywords != '[]'`);
    }
  });

  test('fans out only where it is asked for and there is something to cut, with the rights of a build and no more', () => {
    expect(at(workflow, 'jobs', 'shards', 'if')).toMatch(/inputs\.fan-out && inputs\.fan-out != 'none' && /);
    const shard = map(at(workflow, 'jobs', 'shard'));
    expect(shard['if']).toBe("${{ needs.shards.outputs.matrix != '' }}");
    expect(shard['runs-on']).toBe('${{ matrix.runs-on }}');
    // As the Action reads the input: JSON from platform to labels, a list of labels, a label.
    for (const job of ['plan', 'shards', 'build']) {
      expect(at(workflow, 'jobs', job, 'runs-on')).toBe(
        "${{ startsWith(inputs.runs-on, '{') && (fromJSON(inputs.runs-on)['linux/amd64'] || 'ubuntu-24.04') || startsWith(inputs.runs-on, '[') && fromJSON(inputs.runs-on) || inputs.runs-on || 'ubuntu-24.04' }}",
      );
    }
    expect(shard['strategy']).toEqual({
      'fail-fast': false,
      matrix: '${{ fromJSON(needs.shards.outputs.matrix) }}',
    });
    for (const job of ['shards', 'shard']) {
      expect(at(workflow, 'jobs', job, 'permissions')).toEqual({ contents: 'read', 'id-token': 'write' });
    }
    // What decides an image's content is the same for whoever cuts, builds and publishes it.
    const [cut, built, published] = ['shards', 'shard', 'build'].map((job) => {
      const own = stepsOf(map(at(workflow, 'jobs', job))).find((each) => String(each['uses']).startsWith('$/'));
      return map(map(own)['with']);
    });
    for (const name of ['registry-path', 'registry-hosts', 'credentials-json', 'catalog', 'platforms']) {
      expect(cut?.[name], name).toBe(published?.[name]);
      expect(built?.[name], name).toBe(published?.[name]);
    }
    for (const name of ['images', 'commit-message', 'rebuild']) expect(cut?.[name], name).toBe(published?.[name]);
    for (const name of ['secrets', 'no-cache']) expect(built?.[name], name).toBe(published?.[name]);
    expect(built?.['shard']).toBe('${{ matrix.shard }}');
    expect(published?.['shards']).toBe('${{ needs.shards.outputs.matrix }}');
  });

  test('publishes after the shards, also where one of them failed', () => {
    expect(at(workflow, 'jobs', 'build', 'needs')).toEqual(['plan', 'shards', 'shard']);
    expect(at(workflow, 'jobs', 'build', 'if')).toMatch(
      // A job of which only the time ran out is cancelled: without its shards nothing says what others were to build.
      /^\$\{\{ !cancelled\(\) && needs\.plan\.result == 'success' && \(needs\.shards\.result == 'success' \|\| needs\.shards\.result == 'skipped'\) && /,
    );
  });

  test('the plan asks the registry as the build does, and leaves the summary to it', () => {
    const plan = map(stepsOf(map(at(workflow, 'jobs', 'plan'))).find(({ name }) => name === 'Plan'));
    for (const name of [
      'registry-path',
      'registry-hosts',
      'credentials-json',
      'images',
      'commit-message',
      'catalog',
      'rebuild',
      'no-cache',
      'platforms',
    ]) {
      expect(at(plan, 'with', name), name).toEqual(at(step('build', 'build'), 'with', name));
    }
    expect(at(workflow, 'jobs', 'plan', 'env', 'KFP_IMAGES_NO_SUMMARY')).toBe('${{ !inputs.dry-run }}');
  });

  test('one publisher per branch at a time; none is cancelled, and none that waits is dropped', () => {
    expect(at(workflow, 'jobs', 'build', 'concurrency')).toEqual({
      group: 'kfp-images-publish-${{ github.ref }}',
      'cancel-in-progress': false,
      queue: 'max',
    });
    expect(map(workflow)).not.toHaveProperty('concurrency');
  });
});

test('the Action that the workflow uses is the Action', () => {
  // `uses: $/` needs a folder, so there is a second description of the same bundle.
  const expected = read('action.yml').replaceAll(/(main|post): dist\//g, '$1: ../../../dist/');
  expect(read('.github/actions/kfp-images/action.yml')).toBe(expected);
});

test('no link in the repository leads nowhere: `uses: $/` would fail', () => {
  // https://github.com/actions/runner/issues/4626
  const links = execFileSync('git', ['ls-files', '--stage'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('120000'))
    .map((line) => line.slice(line.indexOf('\t') + 1));
  for (const link of links) expect(existsSync(link), link).toBe(true);
});

test('continuous integration runs the test command of the README', () => {
  const commands = jobsOf(parse(read('.github/workflows/ci.yml'))).flatMap(([, job]) =>
    stepsOf(job).map((step) => step['run']),
  );
  expect(commands).toContain('make test');
  expect(read('.ci/run')).toContain('make test');
});
