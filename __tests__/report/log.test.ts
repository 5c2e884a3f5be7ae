import { describe, expect, it } from 'vitest';
import { githubLog, maskSecrets, terminalLog } from '../../src/report/log';
import { isInteractive, noPaint, paintFor } from '../../src/report/paint';
import { LinePrinter } from '../../src/report/printer';
import { Secrets } from '../../src/report/secrets';
import { Sink } from './sinks';

function github(): { readonly sink: Sink; readonly log: ReturnType<typeof githubLog> } {
  const sink = new Sink();
  return { sink, log: githubLog({ printer: new LinePrinter(sink), secrets: new Secrets() }) };
}

function terminal(debug = false): { readonly sink: Sink; readonly log: ReturnType<typeof terminalLog> } {
  const sink = new Sink();
  const log = terminalLog({ printer: new LinePrinter(sink), secrets: new Secrets(), paint: noPaint, debug });
  return { sink, log };
}

describe('githubLog', () => {
  it('writes warnings and errors as annotations', async () => {
    const { sink, log } = github();
    log.warning('two\nlines: 100 %');
    log.error('wrong', { file: 'a,b:c.txt', line: 3, column: 7 });
    log.error('wrong', { file: 'Dockerfile', line: 12 });
    log.debug('a\nb');
    await sink.until('::debug::');
    expect(sink.lines).toEqual([
      '::warning::two%0Alines: 100 %25',
      '::error file=a%2Cb%3Ac.txt,line=3,col=7::wrong',
      '::error file=Dockerfile,line=12::wrong',
      '::debug::a%0Ab',
    ]);
  });

  it('lets no foreign text become a command', async () => {
    const { sink, log } = github();
    log.info('first\r\n::error::gotcha\n\u001b[1m##[group]x\u2028::warning::y');
    log.error('::add-mask::x\n::error::y');
    await sink.until('add-mask');
    expect(sink.lines).toEqual([
      'first',
      ': :error::gotcha',
      '\\x1b[1m## [group]x\\u2028::warning::y',
      '::error::::add-mask::x%0A::error::y',
    ]);
  });

  it('cuts annotations, which the runner would cut without saying so', async () => {
    const { sink, log } = github();
    log.error('x'.repeat(10_000));
    await sink.until('…');
    expect(sink.text.length).toBeLessThan(4_100);
  });

  it('tells the runner of secrets and hides them itself', async () => {
    const { sink, log } = github();
    maskSecrets(log, ['hunter22', 'two\nlines-of-a-secret']);
    log.info(`hunter22 ${Buffer.from('hunter22').toString('base64')} lines-of-a-secret`);
    log.error('hunter22', { file: 'hunter22', line: 1 });
    await sink.until('::error');
    expect(sink.lines.filter((line) => !line.startsWith('::add-mask::'))).toEqual([
      '*** *** ***',
      '::error file=***,line=1::***',
    ]);
    expect(sink.lines).toContain('::add-mask::hunter22');
    expect(sink.lines).toContain('::add-mask::lines-of-a-secret');
  });
});

describe('terminalLog', () => {
  it('writes what, where and how bad', async () => {
    const { sink, log } = terminal();
    log.info('hello');
    log.warning('old', { file: 'Dockerfile', line: 2 });
    log.error('wrong\n  because: x', { file: 'a.yaml', line: 3, column: 4 });
    await sink.until('because');
    expect(sink.lines).toEqual(['hello', 'warning: Dockerfile:2: old', 'error: a.yaml:3:4: wrong', '    because: x']);
  });

  it('writes debug lines only when asked to', async () => {
    const quiet = terminal();
    quiet.log.debug('x');
    quiet.log.info('end');
    const loud = terminal(true);
    loud.log.debug('x');
    loud.log.info('end');
    await Promise.all([quiet.sink.until('end'), loud.sink.until('end')]);
    expect([quiet.sink.text, loud.sink.text]).toEqual(['end\n', 'x\nend\n']);
  });

  it('makes control characters visible and hides secrets', async () => {
    const { sink, log } = terminal();
    maskSecrets(log, ['hunter22']);
    log.error('\u001b[2J hunter22');
    await sink.until('error');
    expect(sink.text).toBe('error: \\x1b[2J ***\n');
  });
});

describe('colours', () => {
  it.each([
    ['on a terminal', true, {}, true],
    ['in a pipe', undefined, {}, false],
    ['with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['on a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('%s', (_, isTTY, env, expected) => {
    expect(isInteractive({ isTTY }, env)).toBe(expected);
    expect(paintFor({ isTTY }, env).red('x') === 'x').toBe(!expected);
  });
});
