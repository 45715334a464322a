/* room_wait: publishers that sleep until there is room.
 *
 * Models   the mirror image of sleep_wake: the doorbells and waiting bits are the publishers', the frequent side is the
 *          reliable reader that moves its cursor. Publisher: under the mutex, claim if the lowest cursor leaves room; if
 *          not, give the mutex back; take a token that is left over; set the own waiting bit (read-modify-write);
 *          membarrier; look once more at the cursors; wait; start over. Reader: store the cursor; compiler barrier; load
 *          the waiting bits; for each that is set: clear it (read-modify-write); if it was still set, ring. The cursor's
 *          store sits in a store buffer until it drains, until a read-modify-write of its own reader, or until a membarrier. This
 *          is the pair room / release. Records are counted, not measured: the ring holds CAPACITY of them. Readers see a
 *          record when it is claimed (sleep_wake is about commits). A fellow may take the room that a waiter was rung for.
 * P1       no wake-up is lost: nobody sleeps when there is room for good (else: invalid end state).
 * P2       a doorbell is rung at most once each time that a bit has been set: releases make no system call when no
 *          publisher waits.
 * P3       there are never more records than the ring holds beyond the lowest cursor.
 * Flags    -DPUBLISHERS=, -DREADERS= 1 or 2, -DCAPACITY=, -DK= records in all, -DFENCES_FULL no membarrier: the reader
 *          fences after the store.
 *          -DDEAD_SLOT a dead publisher's open claim gates until the broker clears the slot's entry and rings everybody.
 * Reach    -DREACH_SLEEP, -DREACH_ROBBED: must fail; somebody sleeps, and is rung for room that a fellow has taken.
 * Mutants (each must fail)
 *   -DMUTANT_NO_MEMBARRIER    the sleeper does not drain the readers' buffers before its second look.
 *   -DMUTANT_NO_SECOND_LOOK   the sleeper does not look again after it has set its bit.
 *   -DMUTANT_POST_FIRST       the reader rings, then clears the bit: it may clear the bit of the sleep after.
 *   -DMUTANT_NO_CLEAR         the reader rings and leaves the bit: every release makes a system call (P2).
 *   -DMUTANT_DRAIN_LATE       the left-over token is taken after the second look: it may be the one that was meant.
 *   -DDEAD_SLOT -DMUTANT_RING_FIRST  the broker rings, then clears the slot's entry: who was rung looks, finds the gate where
 *                            it was, and sleeps on.
 */
#ifndef PUBLISHERS
#define PUBLISHERS 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef K
#define K 3
#endif

byte claimed = 0, mutex = 0;
byte cursor[READERS];
byte buffered[READERS];                 /* a reader's store buffer: its next cursor, or 0 */
bool waiting[PUBLISHERS];               /* the publishers' waiting bits */
bool token[PUBLISHERS], asleep[PUBLISHERS];
byte owed[PUBLISHERS];                  /* ghost for P2: rings that set bits have asked for */

#if READERS == 2
#define CURSORS (cursor[0] < cursor[1] -> cursor[0] : cursor[1])
#else
#define CURSORS cursor[0]
#endif
#ifdef DEAD_SLOT
bool slot_cleared = false;              /* a dead publisher's open claim, at the very start, gates until then */
#define GATE (slot_cleared -> CURSORS : 0)
#else
#define GATE CURSORS
#endif
#define ROOM (claimed < GATE + CAPACITY)

inline drain(i) { d_step { if :: buffered[i] > 0 -> cursor[i] = buffered[i]; buffered[i] = 0 :: else fi } }

proctype store_buffer(byte i) {
end:
  do
  :: d_step { buffered[i] > 0 -> cursor[i] = buffered[i]; buffered[i] = 0 }
  od
}

inline ring(p) {
#ifndef MUTANT_POST_FIRST               /* (there it is the lost wake-up that is to be seen) */
  d_step { assert(owed[p] > 0); owed[p]-- };                  /* P2 */
#endif
  token[p] = true;                                      /* exchange; the store buffer is empty already */
  asleep[p] = false
}

proctype reader(byte id) {
  byte mine = 0, p;
  bool was;
  do
  :: mine == K -> break
  :: mine < K ->
     claimed > mine;
     atomic { buffered[id] == 0 -> mine++; buffered[id] = mine };                /* release */
#ifdef FENCES_FULL
     drain(id);
#endif
     p = 0;
     do
     :: p < PUBLISHERS ->
        if
        :: waiting[p] ->
#if defined(MUTANT_POST_FIRST)
           drain(id); ring(p);
           waiting[p] = false
#elif defined(MUTANT_NO_CLEAR)
           drain(id); ring(p)
#else
           atomic { drain(id); was = waiting[p]; waiting[p] = false };           /* fetch_and */
           if :: was -> ring(p) :: else fi;
           was = false
#endif
        :: else
        fi;
        p++
     :: else -> break
     od;
     p = 0
  od
}

inline take_left_over() { token[id] = false }

inline membarrier() {
#if !defined(MUTANT_NO_MEMBARRIER) && !defined(FENCES_FULL)
  drain(0);
#if READERS > 1
  drain(1);
#endif
#endif
  skip
}

proctype publisher(byte id) {
  bool had, robbed;
  do
  :: atomic { mutex == 0 -> mutex = id + 1 };
     if
     :: claimed == K -> mutex = 0; break
     :: claimed < K && ROOM ->
        claimed++;
        assert(claimed <= GATE + CAPACITY);             /* P3 */
        mutex = 0
     :: claimed < K && !ROOM ->
#ifdef REACH_ROBBED
        assert(!robbed);
#endif
        mutex = 0;
#ifndef MUTANT_DRAIN_LATE
        take_left_over();
#endif
        d_step { if :: !waiting[id] -> owed[id]++ :: else fi; waiting[id] = true };   /* fetch_or */
        atomic { membarrier() };
#ifndef MUTANT_NO_SECOND_LOOK
        if
        :: ROOM ->
           if :: d_step { if :: waiting[id] -> owed[id]-- :: else fi; waiting[id] = false } :: true fi;        /* it may take its bit back, and need not */
           goto start_over
        :: else
        fi;
#endif
#ifdef MUTANT_DRAIN_LATE
        take_left_over();
#endif
wait:
        atomic { had = token[id]; token[id] = false };  /* exchange */
        if
        :: had -> had = false
        :: else ->
           d_step { if :: !token[id] -> asleep[id] = true :: else fi };
#ifdef REACH_SLEEP
           assert(!asleep[id]);
#endif
           !asleep[id];
#ifdef REACH_ROBBED
           robbed = ROOM;
#endif
           goto wait
        fi;
start_over:
        skip
     fi
  od
}

#ifdef DEAD_SLOT
proctype broker() {
  byte p;
#ifndef MUTANT_RING_FIRST
  slot_cleared = true;
#endif
  do
  :: p < PUBLISHERS -> token[p] = true; asleep[p] = false; p++
  :: else -> break
  od;
#ifdef MUTANT_RING_FIRST
  slot_cleared = true
#endif
}
#endif

init {
  byte i = 0;
  atomic {
    do :: i < PUBLISHERS -> run publisher(i); i++ :: else -> break od;
    i = 0;
    do :: i < READERS -> run reader(i); run store_buffer(i); i++ :: else -> break od;
    i = 0;
#ifdef DEAD_SLOT
    run broker()
#endif
  }
}
