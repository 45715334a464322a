/* mutex_wait: publishers that sleep for the ring's mutex.
 *
 * Models   the mutex is one word: 0 or its owner. To take it: compare-and-swap from 0. To give it back: store 0 (it sits
 *          in a store buffer until that drains, until a read-modify-write or a system call of its own publisher, or until
 *          a membarrier); compiler barrier; load the waiters bits; if there are any, wake one who sleeps on the word. Who
 *          finds it taken: own bit (read-modify-write); membarrier; then, until it has it: load the word; if it is 0, try
 *          to take it, else sleep as long as the word is the same (compared and put to sleep as one, as a futex does); own
 *          bit back behind all. The code also wakes by itself after 5 ms; here nobody does, and nobody dies.
 * P1       never are two in the mutex.
 * P2       nobody sleeps for ever (else: invalid end state).
 * Flags    -DPUBLISHERS= 2 or 3, -DROUNDS= each takes it so often, -DFENCES_FULL no membarrier: who gives it back fences
 *          between store and load.
 * Reach    -DREACH_SLEEP: must fail; somebody really sleeps.
 * Mutants (each must fail)
 *   -DMUTANT_NO_MEMBARRIER   the waiter does not drain the owner's buffer: that one has not seen the bit, and its 0 comes late.
 *   -DMUTANT_FENCE_FIRST     membarrier, then the bit.
 *   -DMUTANT_WAKER_CLEARS    whoever wakes takes the bits away: the owner may be the same again when the waiter compares.
 *   -DMUTANT_NO_WAKE         nobody is woken.
 *   -DMUTANT_PLAIN_TAKE      the word is looked at, then stored: two take it (P1).
 */
#ifndef PUBLISHERS
#define PUBLISHERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

byte word = 0;                          /* 0 or owner + 1 */
bool buffered[PUBLISHERS];              /* a 0 that others do not see yet */
bool waits[PUBLISHERS], asleep[PUBLISHERS];
byte inside = 0;                        /* ghost */

inline drain(i) { d_step { if :: buffered[i] -> word = 0; buffered[i] = false :: else fi } }

#define WORD (buffered[id] -> 0 : word) /* as its publisher sees it */
#if PUBLISHERS == 3
#define ANY_BIT (waits[0] || waits[1] || waits[2])
#define DRAIN_ALL drain(0); drain(1); drain(2)
#define CLEAR_ALL waits[0] = false; waits[1] = false; waits[2] = false
#else
#define ANY_BIT (waits[0] || waits[1])
#define DRAIN_ALL drain(0); drain(1)
#define CLEAR_ALL waits[0] = false; waits[1] = false
#endif

proctype store_buffer(byte i) {
end:
  do
  :: d_step { buffered[i] -> word = 0; buffered[i] = false }
  od
}

inline take() {                         /* got: whether it has it now */
#ifdef MUTANT_PLAIN_TAKE
  got = (WORD == 0);
  if :: got -> atomic { drain(id); word = id + 1 } :: else fi
#else
  atomic { drain(id); got = (word == 0); if :: got -> word = id + 1 :: else fi }
#endif
}

inline wake_one() {
  atomic {
    drain(id);
    if
    :: asleep[0] -> asleep[0] = false
    :: asleep[1] -> asleep[1] = false
#if PUBLISHERS == 3
    :: asleep[2] -> asleep[2] = false
#endif
    :: else
    fi
  }
}

inline membarrier() {
#if !defined(MUTANT_NO_MEMBARRIER) && !defined(FENCES_FULL)
  atomic { DRAIN_ALL }
#else
  skip
#endif
}

proctype publisher(byte id) {
  byte round = 0, seen;
  bool got;
  do
  :: round == ROUNDS -> break
  :: round < ROUNDS ->
     take();
     if
     :: got
     :: else ->
#ifdef MUTANT_FENCE_FIRST
        membarrier();
#endif
        atomic { drain(id); waits[id] = true };
#ifndef MUTANT_FENCE_FIRST
        membarrier();
#endif
        do
        :: seen = WORD;
           if
           :: seen == 0 ->
              take();
              if :: got -> break :: else fi
           :: else ->
              d_step { if :: word == seen -> asleep[id] = true :: else fi };
#ifdef REACH_SLEEP
              assert(!asleep[id]);
#endif
              !asleep[id]
           fi
        od;
        atomic { drain(id); waits[id] = false }
     fi;
     d_step { inside++; assert(inside == 1) };                          /* P1 */
     atomic { inside--; seen = 0; got = false };
     atomic { !buffered[id] -> buffered[id] = true };                   /* given back */
#ifdef FENCES_FULL
     drain(id);
#endif
     if
     :: ANY_BIT ->
#ifdef MUTANT_WAKER_CLEARS
        atomic { drain(id); CLEAR_ALL };
#endif
#ifndef MUTANT_NO_WAKE
        wake_one()
#else
        skip
#endif
     :: else
     fi;
     round++
  od
}

init {
  byte i = 0;
  atomic {
    do :: i < PUBLISHERS -> run publisher(i); run store_buffer(i); i++ :: else -> break od
  }
}
