/* sleep_wake: subscribers that sleep until a message is committed.
 *
 * Models   a doorbell per seat: one word with a token, 0 or 1. To ring: exchange in 1, then wake who sleeps on the word.
 *          To wait: exchange in 0; if it was 1, done; else sleep as long as the word is 0 (compared and put to sleep as
 *          one, as a futex does), then again. Subscriber: take a token that is left over; set the own bit among the sleepers
 *          bits (read-modify-write); store the call; membarrier; look once more at the record's word; wait; start over. Publisher: store the
 *          word; compiler barrier; load the call; if it is set: clear it (read-modify-write); load the bits; for each
 *          that is set: clear it (read-modify-write); if it was still set, ring. The word's store sits in a store buffer until it drains, until a read-modify-write of its own publisher, or
 *          until a membarrier. This is the pair sleep / commit.
 *          Message i is written by publisher i mod PUBLISHERS; subscribers need all of them in order, so they also sleep
 *          while a later one is there already.
 * P1       no wake-up is lost: nobody sleeps when its message is committed (else: invalid end state).
 * P2       a doorbell is rung at most once each time that a bit has been set: no system call when nobody sleeps.
 * Flags    -DPUBLISHERS= 1 or 2, -DMESSAGES= of each, -DSEATS= 1 or 2,
 *          -DFENCES_FULL no membarrier: the publisher fences after the store (the sleeper's own read-modify-write is its
 *          fence), -DDEATH publisher 0 may die at any step; the broker aborts what it had not committed, then rings every
 *          doorbell.
 * Reach    -DREACH_SLEEP, -DREACH_LEFT_OVER: must fail; somebody really sleeps, and a token can be left over.
 * Mutants (each must fail)
 *   -DMUTANT_NO_MEMBARRIER    the sleeper does not drain the publishers' buffers before its second look.
 *   -DMUTANT_NO_SECOND_LOOK   the sleeper does not look again after it has set its bit.
 *   -DMUTANT_LOOK_FIRST       it looks again, but before it sets its bit.
 *   -DMUTANT_POST_FIRST       the publisher rings, then clears the bit: it may clear the bit of the sleep after.
 *   -DMUTANT_NO_CLEAR         the publisher rings and leaves the bit: every commit of a busy ring makes a system call (P2).
 *   -DMUTANT_NO_CALL          the sleeper sets its bit and does not call.
 *   -DMUTANT_CALL_FIRST       it calls, then sets its bit: who hears it finds nothing, and nothing is left of the call.
 *   -DMUTANT_CALL_CLEARED_LAST  the publisher clears the call behind its look at the bits: one that came between is lost.
 *   -DMUTANT_POST_UNASKED     it rings although another has cleared the bit meanwhile (P2).
 *   -DMUTANT_DRAIN_LATE       the left-over token is taken after the second look: it may be the one that was meant.
 *   -DDEATH -DMUTANT_NO_BROKER_RING   nobody rings for the dead one.
 *   -DDEATH -DMUTANT_RING_FIRST       the broker rings, then aborts.
 */
#ifndef PUBLISHERS
#define PUBLISHERS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifndef SEATS
#define SEATS 1
#endif
#define TOTAL (PUBLISHERS * MESSAGES)

bool finished[TOTAL];                   /* the records' words: committed or aborted */
byte buffered[PUBLISHERS];              /* a publisher's store buffer: message + 1, or 0 */
bool waiting[SEATS];                        /* the sleepers bits */
bool token[SEATS], asleep[SEATS];       /* the doorbells */
bool called = false;                    /* the call */
byte owed[SEATS];                       /* ghost for P2: rings that set bits have asked for */
bool dead = false;
byte publishers_done = 0;

inline drain(i) { d_step { if :: buffered[i] > 0 -> finished[buffered[i] - 1] = true; buffered[i] = 0 :: else fi } }

proctype store_buffer(byte i) {
end:
  do
  :: d_step { buffered[i] > 0 -> finished[buffered[i] - 1] = true; buffered[i] = 0 }
  od
}

#ifdef DEATH
#define MAY_DIE if :: id == 0 -> goto died :: true fi
#else
#define MAY_DIE skip
#endif

inline ring(s) {
#ifndef MUTANT_POST_FIRST               /* (there it is the lost wake-up that is to be seen) */
  d_step { assert(owed[s] > 0); owed[s]-- };                  /* P2 */
#endif
  token[s] = true;                                      /* exchange; the store buffer is empty already */
  MAY_DIE;
  asleep[s] = false                                     /* wake */
}

inline hear_the_call() {
  if
  :: called ->
#ifndef MUTANT_CALL_CLEARED_LAST
     atomic { drain(id); called = false };                              /* exchange */
     MAY_DIE;
#endif
     look_at_sleepers()
#ifdef MUTANT_CALL_CLEARED_LAST
     ; atomic { drain(id); called = false }
#endif
  :: else
  fi
}

inline look_at_sleepers() {
  s = 0;
  do
  :: s < SEATS ->
     if
     :: waiting[s] ->
#if defined(MUTANT_POST_FIRST)
        drain(id); ring(s);
        MAY_DIE;
        waiting[s] = false
#elif defined(MUTANT_NO_CLEAR)
        drain(id); ring(s)
#else
        atomic { drain(id); was = waiting[s]; waiting[s] = false };     /* fetch_and */
        MAY_DIE;
#ifdef MUTANT_POST_UNASKED
        was = true;
#endif
        if :: was -> ring(s) :: else fi;
        was = false
#endif
     :: else
     fi;
     s++
  :: else -> break
  od;
  s = 0
}

proctype publisher(byte id) {
  byte k = 0, s;
  bool was;
  do
  :: k < MESSAGES ->
     MAY_DIE;
     atomic { buffered[id] == 0 -> buffered[id] = k * PUBLISHERS + id + 1; k++ };       /* commit */
     MAY_DIE;
#ifdef FENCES_FULL
     drain(id);
#endif
     hear_the_call()
  :: else -> break
  od;
#ifdef DEATH
  goto out;
died:
  atomic { buffered[id] == 0; k = 0; s = 0; was = false; dead = true };
#endif
out:
  publishers_done++
}

#ifdef DEATH
inline ring_every_doorbell() {
  s = 0;
  do
  :: s < SEATS -> token[s] = true; asleep[s] = false; s++
  :: else -> break
  od;
  s = 0
}
inline abort_its_claims() {
  d_step {
    k = 0;
    do :: k < MESSAGES -> finished[k * PUBLISHERS] = true; k++ :: else -> break od;
    k = 0
  }
}
proctype broker() {
  byte s, k;
end:
  dead;
#ifdef MUTANT_RING_FIRST
  ring_every_doorbell();
#endif
  abort_its_claims();
#if !defined(MUTANT_NO_BROKER_RING) && !defined(MUTANT_RING_FIRST)
  ring_every_doorbell()
#endif
}
#endif

inline take_left_over() {
#ifdef REACH_LEFT_OVER
  assert(!token[s]);
#endif
  token[s] = false
}

inline membarrier() {
#if !defined(MUTANT_NO_MEMBARRIER) && !defined(FENCES_FULL)
  drain(0);
#if PUBLISHERS > 1
  drain(1);
#endif
#endif
  skip
}

proctype subscriber(byte s) {
  byte next = 0;
  bool had;
  do
  :: next == TOTAL -> break
  :: next < TOTAL && finished[next] -> next++
  :: next < TOTAL && !finished[next] ->
#ifndef MUTANT_DRAIN_LATE
     take_left_over();
#endif
#ifdef MUTANT_LOOK_FIRST
     if :: finished[next] -> goto start_over :: else fi;
#endif
#ifdef MUTANT_CALL_FIRST
     called = true;
#endif
     d_step { if :: !waiting[s] -> owed[s]++ :: else fi; waiting[s] = true };        /* fetch_or */
#if !defined(MUTANT_NO_CALL) && !defined(MUTANT_CALL_FIRST)
     called = true;                                             /* drained by the sleeper's own fence, with the membarrier */
#endif
     atomic { membarrier() };
#if !defined(MUTANT_NO_SECOND_LOOK) && !defined(MUTANT_LOOK_FIRST)
     if
     :: finished[next] ->
        if :: d_step { if :: waiting[s] -> owed[s]-- :: else fi; waiting[s] = false } :: true fi;        /* it may take its bit back, and need not */
        goto start_over
     :: else
     fi;
#endif
#ifdef MUTANT_DRAIN_LATE
     take_left_over();
#endif
wait:
     atomic { had = token[s]; token[s] = false };               /* exchange */
     if
     :: had -> had = false
     :: else ->
        d_step { if :: !token[s] -> asleep[s] = true :: else fi };
#ifdef REACH_SLEEP
        assert(!asleep[s]);
#endif
        !asleep[s];
        goto wait
     fi;
start_over:
     skip
  od
}

init {
  byte i = 0;
  atomic {
    do :: i < PUBLISHERS -> run publisher(i); run store_buffer(i); i++ :: else -> break od;
    i = 0;
    do :: i < SEATS -> run subscriber(i); i++ :: else -> break od;
    i = 0;
#ifdef DEATH
    run broker()
#endif
  }
}
