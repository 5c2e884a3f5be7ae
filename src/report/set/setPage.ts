import { counted, duration, shortCommit, shortDigest, size } from '../format';
import { barFigure, bindFigure } from './figures';
import { html, style } from './html';
import { day, whyOf, type PastSet, type ReportedImage, type SetReport } from './setReport';

/** Files that are listed for one image; a change of thousands is better read in git. */
const mostFiles = 200;

/** The report as one HTML file that needs nothing else: no network, no script. */
export function setPage(report: SetReport): string {
  const { about, commit } = report;
  const title = `Release set ${shortCommit(commit)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${html(title)}</h1>
<p>${commitText(report)}${about === undefined ? '' : ` <span class="soft">${day(about.date)}</span> ${html(about.subject)}`}</p>
<p class="soft"><code>${html(report.reference)}</code></p>
${facts(report)}
</header>
<main>
${images(report)}
${figure('What binds what', bindFigure(report.images))}
${figure(
  'Sizes, compressed',
  barFigure(report.images, (image) => image.size, size),
)}
${figure(
  'How long the last build of each took',
  barFigure(
    report.images,
    (image) => image.seconds,
    (seconds) => duration(seconds * 1000),
  ),
)}
${pulls(report.images)}
${history(report.history)}
</main>
</body>
</html>
`;
}

function commitText({ commit, link }: SetReport): string {
  const shown = `<code>${html(shortCommit(commit))}</code>`;
  return `Commit ${link === undefined ? shown : `<a href="${html(link)}">${shown}</a>`}`;
}

function facts({ images, previous, removed, cluster }: SetReport): string {
  const known = images.filter((image) => image.size !== undefined);
  const total = known.reduce((sum, image) => sum + (image.size ?? 0), 0);
  const differing = images.filter(({ change }) => change !== 'same' && change !== 'first').length;
  const items = [
    [String(images.length), images.length === 1 ? 'image' : 'images'],
    ...(total === 0 ? [] : [[size(total), 'to pull, at most']]),
    ...(previous === undefined ? [] : [[String(differing), `other than in ${shortCommit(previous)}`]]),
    ...(removed.length === 0 ? [] : [[String(removed.length), `gone: ${removed.join(', ')}`]]),
    ...(cluster === undefined
      ? []
      : [[String(images.filter(({ runs }) => runs === 'yes').length), `run on ${cluster}`]]),
  ];
  const list = items.map(([value = '', what = '']) => `<li><b>${html(value)}</b>${html(what)}</li>`);
  return `<ul class="facts">${list.join('')}</ul>`;
}

function images({ images: all, cluster }: SetReport): string {
  const heads = ['Image', 'Change', 'Digest', 'Size', ...(cluster === undefined ? [] : ['On the cluster']), 'Why'];
  const rows = all.map((image) => {
    const runs = image.runs === 'yes' ? 'runs' : image.runs === 'no' ? 'runs another image' : '';
    return (
      `<tr><td><b>${html(image.name)}</b></td><td><span class="badge ${image.change}">${image.change}</span></td>` +
      `<td data-label="Digest"><code title="${html(image.digest)}">${html(shortDigest(image.digest))}</code></td>` +
      `<td class="number" data-label="Size">${image.size === undefined ? '' : html(size(image.size))}</td>` +
      `${cluster === undefined ? '' : `<td data-label="On the cluster">${runs}</td>`}<td>${why(image)}</td></tr>`
    );
  });
  return (
    `<h2>${html(counted(all.length, 'image'))}</h2>\n<table>\n<thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead>\n` +
    `<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`
  );
}

function why(image: ReportedImage): string {
  const words = html(whyOf(image));
  if (image.changed.length <= 3) return words;
  const more = image.changed.length - mostFiles;
  const files = image.changed.slice(0, mostFiles).map((path) => `<li><code>${html(path)}</code></li>`);
  return `<details><summary>${words}</summary><ul class="files">${files.join('')}${more > 0 ? `<li>and ${String(more)} more</li>` : ''}</ul></details>`;
}

function figure(title: string, svg: string): string {
  return svg === '' ? '' : `<h2>${html(title)}</h2>\n<figure style="margin:0">${svg}</figure>`;
}

function pulls(all: readonly ReportedImage[]): string {
  const lines = all.map(({ repository, digest }) => `docker pull ${repository}@${digest}`);
  return `<details><summary>Commands that pull the images by digest</summary><pre>${lines.map(html).join('\n')}</pre></details>`;
}

function history(sets: readonly PastSet[]): string {
  if (sets.length < 2) return '';
  const items = sets.map(
    ({ commit, date, subject }) =>
      `<li><span class="soft">${day(date)}</span> <code>${html(shortCommit(commit))}</code> ${html(subject)}</li>`,
  );
  return `<h2>Recent sets of this history</h2>\n<ol class="sets">\n${items.join('\n')}\n</ol>`;
}
