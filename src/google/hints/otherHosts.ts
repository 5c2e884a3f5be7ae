/*
 * Registries that are known by the name of their host, for the commands that fix something there. Names only: nothing of a registry's answer
 * gets into a command.
 */

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html */
export const ecr = /^[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/;

const azure = /^([a-z0-9-]+)\.azurecr\.(?:io|cn|us)$/;

/** The commands that make repositories of ECR. `full`: of the registry path. */
export function createEcrCommands(full: string, names: readonly string[]): readonly string[] {
  const [host = '', ...path] = full.split('/');
  const region = ecr.exec(host)?.[1] ?? 'REGION';
  return names.map(
    (name) => `aws ecr create-repository --region ${region} --repository-name ${[...path, name].join('/')}`,
  );
}

/** How one logs in to a registry. */
export function loginCommand(host: string): string {
  const region = ecr.exec(host)?.[1];
  if (region !== undefined) {
    return `aws ecr get-login-password --region ${region} | docker login --username AWS --password-stdin ${host} (or the step aws-actions/amazon-ecr-login; it lasts twelve hours)`;
  }
  const name = azure.exec(host)?.[1];
  if (name !== undefined)
    return `az acr login --name ${name} (it lasts three hours; a token of a repository by docker login ${host})`;
  return `docker login ${host}`;
}
