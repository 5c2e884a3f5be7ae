import fc from 'fast-check';

/*
 * The seed of every property test: the same one in each run, so that what fails fails again, here and in CI.
 * PROPERTY_SEED=N takes another, PROPERTY_SEED=random one of the moment, which a failure prints.
 */

const wanted = process.env['PROPERTY_SEED'] ?? '1';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
