import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LinePrinter } from '../../src/report/printer';
import { Sink } from './sinks';

describe('LinePrinter', () => {
  it('lets nothing into a block, and forgets nothing', async () => {
    const sink = new Sink();
    const printer = new LinePrinter(sink);
    const blocks = ['a', 'b'].map((name) =>
      printer.block(async (print) => {
        await print(`${name}1`);
        await turn();
        printer.print(`beside ${name}`);
        await turn();
        await print(`${name}2`);
      }),
    );
    printer.print('before any block is done');
    await Promise.all(blocks);
    printer.print('after');
    await sink.until('after');
    expect(sink.lines).toEqual(['a1', 'a2', 'before any block is done', 'beside a', 'b1', 'b2', 'beside b', 'after']);
  });

  it('goes on after a block that failed', async () => {
    const sink = new Sink();
    const printer = new LinePrinter(sink);
    const failing = printer.block(() => Promise.reject(new Error('no')));
    const next = printer.block((print) => print('next'));
    await expect(failing).rejects.toThrow('no');
    await next;
    await sink.until('next');
  });

  it('waits for a slow reader', async () => {
    let waiting = 0;
    let most = 0;
    const slow = new Writable({
      highWaterMark: 1_000,
      write(chunk: Buffer, _, done) {
        setImmediate(() => {
          waiting -= chunk.length;
          done();
        });
      },
    });
    await new LinePrinter(slow).block(async (print) => {
      for (let line = 0; line < 500; line++) {
        waiting += 101;
        most = Math.max(most, waiting);
        await print('x'.repeat(100));
      }
    });
    expect(most).toBeLessThan(2_000);
  });

  it('does not wait for a reader that has gone away', async () => {
    const gone = new Writable({ highWaterMark: 1, write: (_, __, done) => done(new Error('EPIPE')) });
    const printer = new LinePrinter(gone);
    await printer.block(async (print) => {
      for (let line = 0; line < 10; line++) await print('x');
    });
    printer.print('y');
    expect(gone.destroyed).toBe(true);
  });
});
