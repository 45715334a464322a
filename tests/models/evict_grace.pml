/* evict_grace: who is not evicted at once: a seat that has read all that can be read and has yet to step over a skip.
 *
 * Models   a channel that is `evict`, at the level of its records: what lies where, who reads how far, who is in the way of
 *          whom. No laps, no pins (how those are kept: evict, step_over): a skip of any length may be placed before a claim.
 *          A publisher (or whoever holds the mutex) claims; a fellow finishes open claims, in any order, or never: committed,
 *          committed with a skip for what it did not use, or aborted. Two readers, each of which may stop at any time.
 *          A claim needs `lowest`, its end less the capacity. When a cursor gates it, and no open claim does: each reliable
 *          seat whose cursor is below `lowest` is looked at. Its cursor; then the words from there on: only skips up to an
 *          empty or claimed word, or up to the claimed position: it has read all. Then it has block_timeout, from the first
 *          look that finds a seat on its way to that place. Else, and afterwards: evicted.
 *          Time is a step that the publisher takes when it waits and nothing has changed: one block_timeout has passed. How
 *          long that is, and what else passes meanwhile, is not modelled.
 * P1       no seat that has read all is evicted unless a block_timeout has passed since a look found one on its way there.
 * P2       one that has stopped is in the way for one block_timeout and no longer.
 * P3       a seat is evicted only if its own cursor was in the way, and never while an open claim is in the way too.
 * Flags    -DN= capacity, -DCLAIMS=, -DMOST_SKIP= cells, -DSHORT the first claim has two cells and may be committed with one:
 *          seats that have read all then stand at two cursors, before and behind the skip that is left.
 * Reach    -DREACH_GRACE, -DREACH_EVICTED_LATE, -DREACH_EVICTED: must fail; a seat has its grace, one is evicted after it,
 *          one at once.
 * Mutants (each must fail)
 *   -DMUTANT_NO_GRACE          whoever is in the way is evicted at once.
 *   -DMUTANT_SKIP_IS_UNREAD    a skip counts as something to read.
 *   -DMUTANT_CLAIMED_IS_UNREAD so does a claimed word.
 *   -DMUTANT_OLD_GRACE         the time does not begin anew at another place.
 *   -DMUTANT_BY_CURSOR         (-DSHORT) the time belongs to the cursor: two seats put off each other's end for ever.
 *   -DMUTANT_NO_END            it is never over: a seat that has stopped blocks the channel.
 *   -DMUTANT_ANY_CLAIM         open claims that are in the way are not looked at.
 */
#ifndef N
#define N 4
#endif
#ifndef CLAIMS
#define CLAIMS 3
#endif
#ifndef MOST_SKIP
#define MOST_SKIP 3
#endif
#define SEATS 2
#define MOST (CLAIMS * (MOST_SKIP + 2) + 1)
#define RESERVE 1
#define ENOUGH 9                        /* block_timeouts */

#define EMPTY     0
#define CLAIMED   1
#define COMMITTED 2
#define ABORTED   3
#define SKIP      4

byte word[MOST], cells[MOST];           /* by position */
byte claimed = 0, open_claims = 0;
bool evicted[SEATS];
byte cursor[SEATS];
bool changed = false;
byte now = 0;
byte granted[MOST + 1];                     /* ghost: when a look first found a seat that has read all on its way there, + 1 */

#ifdef MUTANT_BY_CURSOR
#define KEY c
#else
#define KEY e
#endif

inline look_at_claims() {               /* o: the lowest open claim, or the claimed position */
  d_step {
    o = 0;
    do
    :: o == claimed || word[o] == CLAIMED -> break
    :: else -> o = o + cells[o]
    od
  }
}

/* v: whether the seat whose cursor is c has read all. Word by word: claims may be finished meanwhile. */
inline find_read_all() {
  v = true; p = c;
  do
  :: p >= claimed -> break
  :: else ->
     w = word[p];
     if
     :: w == EMPTY -> break
#ifndef MUTANT_CLAIMED_IS_UNREAD
     :: w == CLAIMED -> break
#endif
#ifndef MUTANT_SKIP_IS_UNREAD
     :: w == SKIP -> p = p + cells[p]
#endif
     :: else -> v = false; break
     fi
  od;
#ifndef MUTANT_BY_CURSOR
  e = p;
#endif
  w = 0; p = 0
}

/* ghost, at the moment of the eviction */
inline check_eviction() {
  v = false; p = c;
  do
  :: p >= claimed || word[p] == EMPTY || word[p] == CLAIMED -> break
  :: p < claimed && (word[p] == COMMITTED || word[p] == ABORTED) -> v = true; break
  :: p < claimed && word[p] == SKIP -> p = p + cells[p]
  od;
  assert(v || (granted[KEY] > 0 && now >= granted[KEY]));                           /* P1 */
#ifdef REACH_EVICTED_LATE
  assert(v);
#endif
#ifdef REACH_EVICTED
  assert(!v);
#endif
  v = false; p = 0
}

inline evict_below() {
  look_at_claims();
#ifndef MUTANT_ANY_CLAIM
  if
  :: o + N < need
  :: else ->
#endif
     i = 0;
     do
     :: i == SEATS -> break
     :: else ->
        c = cursor[i];
        if
        :: evicted[i] || c + N >= need
        :: else ->
           find_read_all();
#ifdef MUTANT_NO_GRACE
           v = false;
#endif
           if
           :: v ->
              d_step {
                if :: granted[KEY] == 0 -> granted[KEY] = now + 1 :: else fi;
                if
#ifdef MUTANT_OLD_GRACE
                :: grace_cursor == 255 ->
#else
                :: grace_cursor != KEY ->
#endif
                   grace_cursor = KEY; grace_since = now
                :: else
                fi;
#ifndef MUTANT_NO_END
                v = (now == grace_since)
#endif
              };
#ifdef REACH_GRACE
              assert(!v)
#endif
           :: else
           fi;
           if
           :: v
           :: !v ->
              d_step {
                assert(c + N < need);                                           /* P3 */
                look_at_claims();
                assert(o + N >= need);                                          /* P3 */
                check_eviction();
                evicted[i] = true; changed = true
              }
           fi;
           v = false
        fi;
        i++; c = 0; e = 0
     od;
     i = 0
#ifndef MUTANT_ANY_CLAIM
  fi
#endif
}

#define GATED(i) (!evicted[i] && cursor[i] + N < need)

proctype publisher() {
  byte made, k, s, need, o, i, c, e, p, w, idle, grace_cursor = 255, grace_since;
  bool v;
  do
  :: made == CLAIMS -> break
  :: else ->
     if :: k = 0 :: k = MOST_SKIP fi;
#ifdef SHORT
     s = (made == 0 -> 2 : 1);
#else
     s = 1;
#endif
     if :: k + s + RESERVE > N -> k = N - s - RESERVE :: else fi;
     need = claimed + k + s + RESERVE;
again:
     changed = false;
     look_at_claims();
     if
     :: o + N >= need && !GATED(0) && !GATED(1) -> goto place
     :: else
     fi;
     evict_below();
     look_at_claims();
     if
     :: o + N >= need && !GATED(0) && !GATED(1) -> goto place
     :: else
     fi;
wait:
     if
     :: changed -> idle = 0
     :: !changed && o + N < need -> changed; idle = 0   /* an open claim: as long as it takes */
     :: !changed && o + N >= need ->
        assert(idle == 0);                                                      /* P2 */
        idle = 1;
        if :: now < ENOUGH -> now++ :: else -> goto enough fi
     fi;
     goto again;
place:
     idle = 0;
     if :: k > 0 -> d_step { cells[claimed] = k; word[claimed] = SKIP }; claimed = claimed + k :: else fi;
     atomic { cells[claimed] = s; word[claimed] = CLAIMED; open_claims++ };
     atomic { claimed = claimed + s; made++; k = 0; s = 0; need = 0; o = 0 }
  od;
enough:
  skip
}

proctype fellow() {
  byte p;
end:
  do
  :: atomic {
       open_claims > 0 ->
       p = 0;
       do                               /* any one that is open */
       :: word[p] == CLAIMED -> break
       :: word[p] != EMPTY -> p = p + cells[p]
       :: word[p] == EMPTY -> goto end
       od;
       if
       :: word[p] = COMMITTED
       :: word[p] = ABORTED
#ifdef SHORT
       :: cells[p] == 2 -> cells[p] = 1; cells[p + 1] = 1; word[p + 1] = SKIP; word[p] = COMMITTED
#endif
       fi;
       open_claims--; changed = true; p = 0
     }
  od
}

proctype reader(byte i) {
  byte next;
end:
  do
  :: atomic {
       !evicted[i] && word[next] != EMPTY && word[next] != CLAIMED ->
       next = next + cells[next]; cursor[i] = next; changed = true
     }
  :: evicted[i] -> break
  :: break                              /* it stops */
  od;
  next = 0
}

init {
  atomic { run publisher(); run fellow(); run reader(0); run reader(1) }
}
