import { isGoogle, type PushContext } from './context';
import { allowMovingTagsCommand, createKeyCommand, storeKeyCommand } from './gcloud';
import { denied, notLoggedIn, repositoryMissing } from './googleCauses';
import type { Row } from './googleRows';
import { loginCommand } from './otherHosts';

/**
 * Refusals in the words of BuildKit, containerd and the distribution protocol, as any registry may give them. The first row that fits counts:
 * BuildKit wraps the deciding words in others, so the more precise rows are first.
 */
export const commonRows: readonly Row<PushContext>[] = [
  {
    kind: 'plain-http',
    pattern: /server gave HTTP response to HTTPS client/i,
    explain: ({ path: { host } }) => ({
      cause: `The builder speaks https with ${host}, which answers in http. registry-hosts configures kfp-images only; the builder has to be configured as well.`,
      fix: [
        `The Docker engine: {"insecure-registries": ["${host}"]} in /etc/docker/daemon.json, then: sudo systemctl restart docker`,
        `A builder of its own: [registry."${host}"] with http = true in a file, then: docker buildx create --use --buildkitd-config FILE`,
      ],
    }),
  },
  {
    kind: 'unknown-authority',
    pattern: /x509: certificate signed by unknown authority|x509: certificate is not trusted/i,
    explain: ({ path: { host } }) => ({
      cause: `The builder does not trust the certificate of ${host}. registry-hosts configures kfp-images only; the builder has to be configured as well.`,
      fix: [
        `The Docker engine: sudo install -D -m 644 CA.pem /etc/docker/certs.d/${host}/ca.crt`,
        `A builder of its own: [registry."${host}"] with ca = ["CA.pem"] in a file, then: docker buildx create --use --buildkitd-config FILE`,
      ],
    }),
  },
  {
    kind: 'tag-immutable',
    pattern: /tag immutability|ImageTagAlreadyExists|tag is immutable|configured as immutable|repository is immutable/i,
    explain: (context) => ({
      cause:
        'The repository does not let tags be moved, and this one names another image already. latest and a fixed tag of a layer cache can never move there.',
      fix: [
        "Set the inputs latest: never and tags: 'commit-{{sha}}' (each commit then has tags of its own)",
        ...(isGoogle(context) ? [allowMovingTagsCommand(context.path)] : ['or turn off tag immutability.']),
      ],
    }),
  },
  {
    kind: 'token-expired',
    pattern: /failed to fetch oauth token[^\n]{0,300}\b401\b|ExpiredToken|token (?:has|is) expired|invalid_token/i,
    explain: (context) => ({
      cause:
        'The login ended while the build went on: tokens of workload identity without a service account live a few minutes, others an hour.',
      fix: isGoogle(context)
        ? [
            'Give google-github-actions/auth a service_account besides the workload_identity_provider (an hour instead of minutes)',
            'or leave the login to kfp-images: with credentials-json or the file of google-github-actions/auth it takes a new token right before each push.',
          ]
        : [`Log in again right before the push: ${loginCommand(context.path.host)}`],
    }),
  },
  {
    kind: 'not-logged-in',
    pattern: /failed to fetch anonymous token|no basic auth credentials|asks for a login \(401\), and there is none/i,
    explain: (context) =>
      isGoogle(context)
        ? notLoggedIn(context)
        : { cause: `There is no login for ${context.path.host}.`, fix: [loginCommand(context.path.host)] },
  },
  {
    kind: 'too-many-requests',
    pattern: /\b429\b|TOOMANYREQUESTS|too many requests|RESOURCE_EXHAUSTED|quota exceeded/i,
    explain: (context) => ({
      cause:
        'The registry has had too many requests. What was uploaded is kept, so that another try goes on where this one ended.',
      fix: [
        'Run again, with a smaller max-parallel.',
        ...(isGoogle(context)
          ? [`Quotas: https://console.cloud.google.com/iam-admin/quotas?project=${context.path.project}`]
          : []),
      ],
    }),
  },
  {
    kind: 'upload-lost',
    pattern: /blob upload (?:invalid|unknown)|BLOB_UPLOAD_(?:INVALID|UNKNOWN)/i,
    explain: () => ({
      cause: 'The registry forgot an upload that was under way: it was interrupted, or took too long.',
      fix: ['Run again; layers that arrived are not sent twice.'],
    }),
  },
  {
    kind: 'login-refused',
    pattern: /authentication failed|\b401\b|unauthorized|UNAUTHENTICATED/i,
    explain: (context) =>
      isGoogle(context)
        ? {
            cause: `Google refuses the login to ${context.path.host}: the key was deleted, mangled on its way into the secret, or given in the other form (JSON or base64); or a token has ended.`,
            fix: [createKeyCommand(context.account), storeKeyCommand, 'rm key.json'],
          }
        : { cause: `${context.path.host} refuses the login.`, fix: [loginCommand(context.path.host)] },
  },
  {
    kind: 'repository-missing',
    pattern: /NAME_UNKNOWN|name unknown/i,
    explain: (context) =>
      isGoogle(context)
        ? repositoryMissing(context)
        : {
            cause: `${context.path.host} has no repository of that name, and does not make one.`,
            fix: ['Create it there, or fix registry-path.'],
          },
  },
  {
    kind: 'upload-denied',
    pattern: /\b403\b|\bdenied\b|forbidden/i,
    explain: (context, text) =>
      isGoogle(context)
        ? denied(context, text, 'push')
        : {
            cause: `${context.account ?? 'The account'} may not push to ${context.path.full}.`,
            fix: [`Give it the right to, or log in as another: ${loginCommand(context.path.host)}`],
          },
  },
  {
    kind: 'image-name-missing',
    pattern: /\b400 Bad Request\b/i,
    explain: (context) => ({
      cause: `${context.path.host} can't make sense of the image's name; most often a part of the path is missing.`,
      fix: [`registry-path: ${context.path.host}/${isGoogle(context) ? 'PROJECT/REPOSITORY' : 'PATH'}`],
    }),
  },
  {
    kind: 'registry-unavailable',
    pattern:
      /\b50[0234]\b|context deadline exceeded|i\/o timeout|TLS handshake timeout|connection reset by peer|unexpected EOF|broken pipe|oauth token[^\n]{0,300}\b404\b|UNAVAILABLE|DEADLINE_EXCEEDED/i,
    explain: ({ path }) => ({
      cause: `${path.host} did not answer as it should; this usually passes.`,
      fix: ['Run again; layers that arrived are not sent twice.', ...statusPage(path.kind)],
    }),
  },
];

function statusPage(kind: PushContext['path']['kind']): readonly string[] {
  return kind === 'other' ? [] : ['If it stays: https://status.cloud.google.com'];
}
