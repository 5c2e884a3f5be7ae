import { html } from './html';
import type { ReportedImage } from './setReport';

/** The images that bind others, with a line to each, as SVG; empty: none does. */
export function bindFigure(images: readonly ReportedImage[]): string {
  const binding = images.filter(({ binds }) => binds.length > 0);
  if (binding.length === 0) return '';
  const bound = [...new Set(binding.flatMap(({ binds }) => binds))];
  const [row, width, gap] = [44, 220, 120];
  const height = Math.max(binding.length, bound.length) * row + 8;
  const place = (index: number, of: number): number => (height - of * row) / 2 + index * row + row / 2;
  const box = (name: string, x: number, y: number): string =>
    `<rect class="box" x="${String(x)}" y="${String(y - 15)}" width="${String(width)}" height="30" rx="6"/>` +
    `<text x="${String(x + 10)}" y="${String(y + 5)}">${html(name.slice(0, 28))}</text>`;
  const right = width + gap;
  const lines = binding.flatMap(({ binds }, from) =>
    binds.map((name) => {
      const [y1, y2] = [place(from, binding.length), place(bound.indexOf(name), bound.length)];
      return `<path d="M${String(right)} ${String(y1)} C${String(right - gap / 2)} ${String(y1)} ${String(width + gap / 2)} ${String(y2)} ${String(width)} ${String(y2)}"/>`;
    }),
  );
  const boxes = [
    ...bound.map((name, index) => box(name, 0, place(index, bound.length))),
    ...binding.map(({ name }, index) => box(name, right, place(index, binding.length))),
  ];
  const text = binding.map(({ name, binds }) => `${name} carries ${binds.join(', ')}`).join('; ');
  return `<svg viewBox="0 0 ${String(right + width)} ${String(height)}" width="${String(right + width)}" role="img" aria-label="${html(text)}">${lines.join('')}${boxes.join('')}</svg>`;
}

/** Bars to compare numbers of images, the longest first; empty: nothing is known. */
export function barFigure(
  images: readonly ReportedImage[],
  valueOf: (image: ReportedImage) => number | undefined,
  shown: (value: number) => string,
): string {
  const known = images.flatMap((image) => {
    const value = valueOf(image);
    return value === undefined ? [] : [{ name: image.name, value }];
  });
  const most = Math.max(...known.map(({ value }) => value), 0);
  if (most <= 0) return '';
  const rows = [...known].sort((a, b) => b.value - a.value);
  const bars = rows.map(({ name, value }, index) => {
    const y = index * 26;
    const long = Math.max(2, Math.round((value / most) * 260));
    return (
      `<text x="0" y="${String(y + 16)}">${html(name.slice(0, 24))}</text>` +
      `<rect class="bar" x="180" y="${String(y + 4)}" width="${String(long)}" height="16" rx="3"/>` +
      `<text x="${String(188 + long)}" y="${String(y + 16)}">${html(shown(value))}</text>`
    );
  });
  const text = rows.map(({ name, value }) => `${name} ${shown(value)}`).join(', ');
  return `<svg viewBox="0 0 560 ${String(rows.length * 26)}" width="560" role="img" aria-label="${html(text)}">${bars.join('')}</svg>`;
}
