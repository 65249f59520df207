import { describe, test } from '@jest/globals';
import { CORPUS } from './corpus.js';
import { crowdPlans, ledgerPlans, sessionPlans, sourcePlans } from './plans.js';
import { expectAllSeeds, simulate } from './replay.js';

// Every guarantee that the checking client asserts (G1-G9, G13-G15), after every line of every run; and at the end of each,
// when all is quiet, every client holds exactly what the oracle says.

const LONG = 600_000;

describe('what once failed does not fail again', () => {
  test.each(CORPUS)('$found', ({ plan }) => simulate(plan));
});

describe('any order of events ends with every client holding what the oracle says', () => {
  test(
    'G3 G4 G12 form A: a source that moves, deletes, repeats, spoils, fails and loses its history',
    () => expectAllSeeds('form A', sourcePlans),
    LONG,
  );

  test(
    'G1 G5 G8 G14 E13 form B: sessions that join under load, overlap, lag, expire and are given other rights',
    () => expectAllSeeds('form B', sessionPlans),
    LONG,
  );

  test(
    'G6 E14 form C: joins that take several turns, and changes behind and ahead of them',
    () => expectAllSeeds('form C', crowdPlans, 0.05),
    LONG,
  );

  test(
    'G9 form D: transactions that are whole for sessions that join, lag, see parts, and lose rights',
    () => expectAllSeeds('form D', ledgerPlans),
    LONG,
  );
});
