// What the error code of a fetched partition means for a reader (https://kafka.apache.org/protocol#protocol_error_codes).

export type CodeMeaning = 'ok' | 'out-of-range' | 'corrupt' | 'unknown-topic' | 'denied' | 'moved';

/** Codes that the metadata of a topic may carry. */
export const UNKNOWN_TOPIC = 3;
export const TOPIC_DENIED = 29;

/** Everything that is not named is taken as `moved`: ask again where the leader is, and go on trying, visibly. */
export function meaningOf(code: number): CodeMeaning {
  switch (code) {
    case 0:
      return 'ok';
    case 1:
      return 'out-of-range';
    case 2:
      return 'corrupt';
    case UNKNOWN_TOPIC:
    case 100: // unknown topic id
    case 103: // inconsistent topic id
      return 'unknown-topic';
    case TOPIC_DENIED:
      return 'denied';
    default:
      return 'moved';
  }
}
