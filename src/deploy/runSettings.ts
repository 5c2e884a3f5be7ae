import type { RunImages } from './compiledImages';
import type { Answer, Kubectl } from './kubectl';
import type { Container } from './objects';
import { readVariable, type Variable } from './variables';

/** What the apiserver's variables say of runs. */
export interface RunSettings {
  /** Driver and launcher of a new run; none: not known. */
  readonly set: RunImages;
  /** What goes before both, from KFP 2.15.0 on; '': nothing. */
  readonly patch: string;
  /** Has it the runs of all namespaces? Else those of its own alone. */
  readonly multiUser: boolean;
  /** What could not be read, and what follows. */
  readonly notes: readonly string[];
  /** The same of what is not set, of interest only where there are runs. */
  readonly unset: readonly string[];
}

/** Reads them where they are: in the Deployment, or in a ConfigMap. */
export async function readRunSettings(
  kubectl: Kubectl,
  container: Pick<Container, 'env' | 'envFrom'>,
  signal?: AbortSignal,
): Promise<RunSettings> {
  // Several may come from one ConfigMap.
  const answers = new Map<string, Promise<Answer>>();
  const once: Kubectl = (call) => {
    const key = call.args.join(' ');
    const answer = answers.get(key) ?? kubectl(call);
    answers.set(key, answer);
    return answer;
  };
  const read = (name: string): Promise<Variable> => readVariable(once, container, name, signal);
  const [driver, launcher, patch, multiUser] = await Promise.all([
    read('V2_DRIVER_IMAGE'),
    read('V2_LAUNCHER_IMAGE'),
    read('COMPILED_PIPELINE_SPEC_PATCH'),
    // https://github.com/kubeflow/pipelines/blob/2.17.0/manifests/kustomize/base/installs/multi-user/api-service/params.env
    read('MULTIUSER'),
  ]);
  return {
    set: { driver: imageIn(driver), launcher: imageIn(launcher) },
    patch: patch.kind === 'text' ? patch.text : '',
    // As Go reads it: https://pkg.go.dev/strconv#ParseBool
    multiUser:
      multiUser.kind === 'text' ? /^(1|t|T|TRUE|true|True)$/.test(multiUser.text) : multiUser.kind === 'hidden',
    notes: [
      ...note('V2_DRIVER_IMAGE', driver, 'so drivers are not compared'),
      ...note('V2_LAUNCHER_IMAGE', launcher, 'so launchers are not compared'),
      ...note('COMPILED_PIPELINE_SPEC_PATCH', patch, 'and goes before the images of the set if it names others'),
      ...note('MULTIUSER', multiUser, 'so runs of all namespaces are looked at'),
    ],
    unset: [...unsetNote('V2_DRIVER_IMAGE', driver), ...unsetNote('V2_LAUNCHER_IMAGE', launcher)],
  };
}

function imageIn(variable: Variable): readonly string[] {
  return variable.kind === 'text' && variable.text !== '' ? [variable.text] : [];
}

function note(name: string, variable: Variable, consequence: string): readonly string[] {
  return variable.kind === 'hidden'
    ? [`${name} of the apiserver can't be seen (${variable.why}), ${consequence}.`]
    : [];
}

function unsetNote(name: string, variable: Variable): readonly string[] {
  return imageIn(variable).length > 0 || variable.kind === 'hidden'
    ? []
    : [`${name} is not set: new runs get what the apiserver's image says, and those that are there are not compared.`];
}
