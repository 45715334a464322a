/* join_now: where a seat begins that joins at `now`, with several publishers.
 *
 * Models   the choice of X alone (gate_join has the rest of the join). With several publishers the claimed position runs
 *          ahead of open claims, and what is claimed before it may be committed after the join. So X is the lowest of the
 *          claimed position and of the slots' oldest open claims, loaded in this order: a claim that the first load
 *          has counted has stored its slot's oldest open claim before, and clears it after its commit. (With one publisher the
 *          claimed position follows the finished prefix and is right by itself: claim_one, P3.)
 *          Two publishers; stores become visible in order and loads are made in order (TSO), nobody stores and then loads.
 * P1       every message that is committed after the join has returned lies at or behind X: the seat gets it.
 * Flags    -DCLAIMS= open claims a publisher (1 or 2), -DK= records in all.
 * Reach    -DREACH_BEHIND: must fail; X is sometimes lower than the claimed position.
 * Mutants (each must fail)
 *   -DMUTANT_CLAIMED_ONLY    X = claimed position: what was claimed before and is committed after is never delivered.
 *   -DMUTANT_SLOTS_FIRST     the slots are loaded before the claimed position: a claim in between is missed.
 *   -DMUTANT_OPEN_LATE       a claim stores the claimed position before its slot's oldest open claim.
 *   -DMUTANT_CLEAR_EARLY     a commit clears the slot before it stores the word.
 */
#ifndef K
#define K 4
#endif
#ifndef CLAIMS
#define CLAIMS 2
#endif
#define NO_CLAIM 100

byte claimed = 0, mutex = 0;
byte open_claim[2] = NO_CLAIM;
byte x;
bool joined = false;

#define OPEN(i) (pos[i] != NO_CLAIM)
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define OLDEST MIN(pos[0], pos[CLAIMS - 1])

inline show_open_claim(p) {
  if :: open_claim[id] == NO_CLAIM -> open_claim[id] = p :: else fi
}

inline claim(i) {
  atomic { mutex == 0 -> mutex = 1 };
  if
  :: claimed < K ->
     pos[i] = claimed;
#ifdef MUTANT_OPEN_LATE
     claimed++;
     show_open_claim(pos[i])
#else
     show_open_claim(pos[i]);
     claimed++
#endif
  :: else
  fi;
  mutex = 0
}

inline finish(i) {
#ifdef MUTANT_CLEAR_EARLY
  p = pos[i];
  pos[i] = NO_CLAIM;
  open_claim[id] = OLDEST;
  assert(!joined || p >= x);
  p = 0
#else
  assert(!joined || pos[i] >= x);       /* P1, at the store of the word */
  pos[i] = NO_CLAIM;
  open_claim[id] = OLDEST
#endif
}

proctype publisher(byte id) {
  byte pos[CLAIMS] = NO_CLAIM;
  byte p;
  do
  :: !OPEN(0) && claimed < K -> claim(0)
  :: OPEN(0) -> finish(0)
#if CLAIMS == 2
  :: !OPEN(1) && claimed < K -> claim(1)
  :: OPEN(1) -> finish(1)
  :: !OPEN(0) && !OPEN(1) && claimed == K -> break
#else
  :: !OPEN(0) && claimed == K -> break
#endif
  od
}

inline look_at_slots() {
  x = MIN(x, open_claim[0]);
  x = MIN(x, open_claim[1])
}

proctype joiner() {
#if defined(MUTANT_CLAIMED_ONLY)
  x = claimed;
#elif defined(MUTANT_SLOTS_FIRST)
  x = NO_CLAIM;
  look_at_slots();
  x = MIN(x, claimed);
#else
  x = claimed;
  look_at_slots();
#endif
#ifdef REACH_BEHIND
  assert(x == claimed);
#endif
  joined = true
}

init {
  atomic { run publisher(0); run publisher(1); run joiner() }
}
