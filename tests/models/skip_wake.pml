/* skip_wake: a reader that has read everything and sleeps gates in front of a skip; who places the skip wakes it.
 *
 * Models   publisher 0 commits a message, steps over something pinned (one skip), claims behind it, gives the mutex back, and
 *          its claim stays open. After the message and after the skip: compiler barrier; load the sleepers bits; ring who has
 *          one (as in sleep_wake). The claim rings nobody.
 *          Publisher 1 then needs room that the reader's cursor allows only behind the skip. It waits as in room_wait.
 *          The reader finds a message or a skip: the cursor moves behind it; compiler barrier; load the waiting bit; ring.
 *          Else it sleeps as in sleep_wake. Behind the skip it needs nothing more.
 *          The stores of publisher 0 and of the reader pass through store buffers in order: the pairs sleep / commit and
 *          room / release, one after the other.
 * P1       nobody sleeps in front of the skip while a publisher waits for its cursor, and that publisher does not sleep
 *          for ever either (else: invalid end state).
 * Flags    -DFENCES_FULL no membarrier: publisher 0 fences after each word, the reader after its cursor, -DDEATH publisher 0
 *          may die at any step; the broker rings every doorbell.
 * Reach    -DREACH_SLEEP, -DREACH_WAIT: must fail; the reader falls asleep although the skip is there by then, and publisher 1
 *          sleeps.
 * Mutants (each must fail)
 *   -DMUTANT_NO_RING          who places a skip rings nobody: the reader sleeps until the claim behind it is finished.
 *   -DMUTANT_RING_FIRST       it rings, then stores the skip.
 *   -DMUTANT_NO_MEMBARRIER    who sleeps does not drain the other's buffer before its second look.
 *   -DMUTANT_CURSOR_STAYS     the reader steps over the skip, finds nothing, and leaves its cursor where it is.
 *   -DMUTANT_NO_ROOM_RING     it moves its cursor over the skip and rings no publisher.
 *   -DDEATH -DMUTANT_NO_BROKER_RING  nobody rings for the dead one.
 */
#define MESSAGE 1
#define SKIP    2
#define CLAIMED 3
#define BEHIND  2                       /* positions: 0 the message, 1 the skip, 2 the claim */

byte word[3];
byte cursor = 0;
bool claimed = false;                   /* publisher 0 has given the mutex back, or it was taken over */
bool dead = false;

chan publisher_buffer = [2] of { byte, byte };
chan reader_buffer = [1] of { byte };

/* bits and doorbells: 0 the reader's, 1 that of publisher 1 */
#define READER    0
#define PUBLISHER 1
bool waiting[2], token[2], asleep[2];

inline drain_publisher() { d_step { publisher_buffer ? a, b; word[a] = b; a = 0; b = 0 } }
inline drain_reader() { d_step { reader_buffer ? a; cursor = a; a = 0 } }
#define PUBLISHER_DRAINED (len(publisher_buffer) == 0)
#define READER_DRAINED    (len(reader_buffer) == 0)

inline membarrier() {
#if !defined(MUTANT_NO_MEMBARRIER) && !defined(FENCES_FULL)
  atomic {
    do :: len(publisher_buffer) > 0 -> drain_publisher() :: else -> break od;
    do :: len(reader_buffer) > 0 -> drain_reader() :: else -> break od
  }
#else
  skip
#endif
}

proctype store_buffers() {
  byte a, b;
end:
  do
  :: drain_publisher()
  :: drain_reader()
  od
}

#ifdef DEATH
#define MAY_DIE if :: goto died :: true fi
#else
#define MAY_DIE skip
#endif

/* a read-modify-write waits until its own buffer is empty */
inline wake_reader() {
  if
  :: waiting[READER] ->
     atomic { PUBLISHER_DRAINED -> was = waiting[READER]; waiting[READER] = false };
     MAY_DIE;
     if :: was -> token[READER] = true; MAY_DIE; asleep[READER] = false :: else fi;
     was = false
  :: else
  fi
}

inline wake_publisher() {
  if
  :: waiting[PUBLISHER] ->
     atomic { READER_DRAINED -> was = waiting[PUBLISHER]; waiting[PUBLISHER] = false };
     if :: was -> token[PUBLISHER] = true; asleep[PUBLISHER] = false :: else fi;
     was = false
  :: else
  fi
}

#ifdef FENCES_FULL
#define FENCE(drained) drained
#else
#define FENCE(drained) skip
#endif

proctype publisher_0() {
  bool was;
  MAY_DIE;
  publisher_buffer ! 0, MESSAGE;
  FENCE(PUBLISHER_DRAINED);
  MAY_DIE;
  wake_reader();
#ifdef MUTANT_RING_FIRST
  wake_reader();
#endif
  publisher_buffer ! 1, SKIP;
  FENCE(PUBLISHER_DRAINED);
  MAY_DIE;
#if !defined(MUTANT_NO_RING) && !defined(MUTANT_RING_FIRST)
  wake_reader();
#endif
  publisher_buffer ! 2, CLAIMED;
  MAY_DIE;
#ifdef DEATH
  goto out;
died:
  atomic { PUBLISHER_DRAINED -> was = false; dead = true };
out:
#endif
  atomic { PUBLISHER_DRAINED -> claimed = true }
}

#ifdef DEATH
proctype broker() {
end:
  dead;
#ifndef MUTANT_NO_BROKER_RING
  token[READER] = true; asleep[READER] = false;
  token[PUBLISHER] = true; asleep[PUBLISHER] = false
#endif
}
#endif

#if defined(REACH_SLEEP)
#define REACH(own) assert(own != READER || !asleep[READER] || next == 0 || word[1] == 0)
#elif defined(REACH_WAIT)
#define REACH(own) assert(own != PUBLISHER || !asleep[PUBLISHER])
#else
#define REACH(own) skip
#endif

inline sleep(own, drained, is_there, for_good) {
  token[own] = false;                                   /* left over */
  atomic { drained -> waiting[own] = true };            /* fetch_or */
  membarrier();
  if
  :: is_there ->
     if :: waiting[own] = false :: true fi             /* it may take its bit back, and need not */
  :: else ->
     do
     :: atomic { had = token[own]; token[own] = false };                /* exchange */
        if
        :: had -> had = false; break
        :: else ->
           d_step { if :: !token[own] -> asleep[own] = true :: else fi };
           REACH(own);
           if
           :: !asleep[own]
           :: for_good -> break
           fi
        fi
     od
  fi
}

/* If publisher 0 died before its skip there is nothing to step over, and no need for room. */
#define ROOM (cursor == BEHIND || (dead && word[1] != SKIP))
#define NOTHING_TO_COME (dead && word[next] == 0)

proctype publisher_1() {
  byte a, b, next = 0;
  bool had;
  claimed;
  do
  :: ROOM -> break
  :: else -> sleep(PUBLISHER, true, ROOM, false)
  od
}

proctype reader() {
  byte a, b, next = 0;
  bool had, was;
  do
  :: next == BEHIND -> break
  :: next < BEHIND && word[next] != 0 ->
     next++;
#ifdef MUTANT_CURSOR_STAYS
     if :: next == BEHIND -> break :: else fi;
#endif
     reader_buffer ! next;
     FENCE(READER_DRAINED);
#ifdef MUTANT_NO_ROOM_RING
     if :: next == BEHIND -> break :: else fi;
#endif
     wake_publisher()
  :: next < BEHIND && word[next] == 0 ->
     sleep(READER, READER_DRAINED, word[next] != 0, NOTHING_TO_COME);
     if :: NOTHING_TO_COME -> break :: else fi
  od
}

init {
  atomic {
    run store_buffers(); run publisher_0(); run publisher_1(); run reader()
#ifdef DEATH
    ; run broker()
#endif
  }
}
