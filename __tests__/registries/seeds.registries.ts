import { describe, expect, test } from 'vitest';
import { figuresOf } from '../faults/figures';
import { startFixture, type Fixture } from '../faults/fixture';
import { inProcesses } from '../faults/processes';
import { inThisProcess, playRounds, type Report } from '../faults/round';
import { scenariosOf } from '../faults/scenario';
import { SecretSearch } from '../faults/secrets';
import { tempDir } from '../support/engine';
import { fleet, much, type Make } from './fleet';
import { onProtocol } from './protocol';

/* The fault suite's seeds on every registry at hand, judged through the protocol. */

/** A registry's log is kept in memory, and so is all that some of them hold. */
const seedsPerGround = 200;

/** After so many it says from which one a run that is broken off can go on. */
const seedsPerLine = 20;

/** Distribution by passwords and by tokens, any other by passwords alone. */
async function groundOf(make: Make): Promise<Fixture> {
  if (make.distribution !== undefined) return startFixture(make.distribution, onProtocol);
  const [server, folder] = await Promise.all([make.start(), tempDir()]);
  const own = onProtocol(server);
  const search = new SecretSearch();
  search.add(server.password);
  return {
    registry: () => own,
    secrets: () => search,
    folder: folder.path,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await folder.remove();
    },
  };
}

describe.each(fleet())('$name', (make) => {
  test('every seed holds', async () => {
    const startedAt = Date.now();
    const all = scenariosOf(much.seeds, much.from);
    const reports: Report[] = [];
    for (let start = 0; start < all.length; start += seedsPerGround) {
      await using fixture = await groundOf(make);
      const processes = await inProcesses(fixture.folder);
      const end = Math.min(start + seedsPerGround, all.length);
      const players = ({ inProcesses }: { readonly inProcesses: boolean }) =>
        inProcesses ? processes : inThisProcess({});
      for (let at = start; at < end; at += seedsPerLine) {
        const part = all.slice(at, Math.min(at + seedsPerLine, end));
        reports.push(...(await playRounds(fixture, part, players)));
        const broken = reports.filter(({ problems }) => problems.length > 0).length;
        const next = much.from + at + part.length;
        console.log(`${make.name}: seeds ${much.from} to ${next - 1}, ${broken} broken; to go on: FROM=${next}`);
      }
      console.log(`${make.name}\n${figuresOf(reports, (Date.now() - startedAt) / 1000)}`);
    }
    expect(reports).toHaveLength(all.length);
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  });
});
