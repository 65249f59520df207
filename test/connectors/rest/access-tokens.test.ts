// How long an access token is kept, by a clock that the test moves.

import { describe, expect, test } from '@jest/globals';

import { AccessTokens, type AccessToken } from '../../../connectors/rest/client/oauth2.js';
import { FeedFault } from '../../../connectors/rest/client/feed-fault.js';

/** An endpoint without a network; its tokens are `t1`, `t2`, … */
function endpoint(expiresIn: number | undefined) {
  let nowMs = 0;
  let asked = 0;
  const is = { reachable: true, refusing: false };
  const tokens = new AccessTokens(
    { tokenUrl: 'https://issuer.example/token', clientId: 'id', clientSecret: 'secret' },
    {
      timeoutMs: 1_000,
      now: () => nowMs,
      fetch: async () => {
        asked += 1;
        if (!is.reachable) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
        if (is.refusing) return Response.json({ error: 'invalid_client' }, { status: 401 });
        return Response.json({
          ...{ access_token: `t${asked}`, token_type: 'bearer' },
          ...(expiresIn !== undefined && { expires_in: expiresIn }),
        });
      },
    },
  );
  const { signal } = new AbortController();
  return {
    is,
    asked: () => asked,
    at: (ms: number): Promise<AccessToken> => {
      nowMs = ms;
      return tokens.current(signal);
    },
    refuse: (value: string): Promise<AccessToken> => tokens.current(signal, value),
  };
}

describe('a token', () => {
  test('is made anew after 80 % of its life', async () => {
    const { at } = endpoint(100);
    expect(await at(0)).toEqual({ value: 't1', isNew: true });
    expect(await at(79_999)).toEqual({ value: 't1', isNew: false });
    expect(await at(80_000)).toEqual({ value: 't2', isNew: true });
    expect(await at(159_999)).toEqual({ value: 't2', isNew: false });
  });

  test('of unknown life is kept for less than a minute', async () => {
    const { at } = endpoint(undefined);
    await at(0);
    expect(await at(47_999)).toMatchObject({ value: 't1' });
    expect(await at(48_000)).toMatchObject({ value: 't2' });
  });

  test('of no life is used once', async () => {
    const { at } = endpoint(0);
    expect(await at(0)).toEqual({ value: 't1', isNew: true });
    expect(await at(0)).toEqual({ value: 't2', isNew: true });
  });

  test('goes on to its end where no other can be had, which is tried now and then', async () => {
    const { at, is, asked } = endpoint(100);
    await at(0);
    is.reachable = false;
    expect(await at(80_000)).toEqual({ value: 't1', isNew: false });
    expect(await at(89_999)).toEqual({ value: 't1', isNew: false });
    expect(asked()).toBe(2);
    expect(await at(90_000)).toEqual({ value: 't1', isNew: false });
    expect(asked()).toBe(3);
    await expect(at(100_000)).rejects.toThrow(FeedFault);
    is.reachable = true;
    expect(await at(100_001)).toMatchObject({ isNew: true });
  });

  test('does not go on where the endpoint refuses us', async () => {
    const { at, is } = endpoint(100);
    await at(0);
    is.refusing = true;
    await expect(at(80_000)).rejects.toMatchObject({ name: 'FeedFault', kind: 'refused' });
  });

  test('that was refused is not used again, and one that came after it is', async () => {
    const { at, refuse, is } = endpoint(100);
    await at(0);
    expect(await refuse('t1')).toEqual({ value: 't2', isNew: true });
    expect(await refuse('t1')).toEqual({ value: 't2', isNew: false });
    is.reachable = false;
    await expect(refuse('t2')).rejects.toThrow(FeedFault);
  });
});
